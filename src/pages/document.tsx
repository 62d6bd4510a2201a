import type { ComponentChildren } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { dark, light } from './colours.ts'
import type { Presentation } from './language.ts'
import { Mark, mark } from './mark.tsx'
import { script } from './script.ts'
import { stylesheet } from './stylesheet.ts'

export type Page = {
  readonly title: string
  readonly lang: string
  readonly base: string
  readonly nonce?: string | undefined
  readonly children: ComponentChildren
  /** The app's name beside the mark; without an app it is the server's own. */
  readonly app?: string | undefined
  /** Only shown when it is an https or data image: the Content-Security-Policy would refuse any other. */
  readonly logo?: string | undefined
  readonly wide?: boolean | undefined
  /** Where else one may go from here, beside the page; a page with places is as wide as it needs. */
  readonly places?: ComponentChildren | undefined
}

const image = /^(https:\/\/|data:image\/)/i

/** A whole HTML document. Nothing in it comes from a third party but the logo that an app registered. */
export const render = ({ title, lang, base, nonce, children, app, logo, wide, places }: Page): string =>
  `<!doctype html>${renderToString(
    <html lang={lang}>
      <head>
        <meta charset="utf-8" />
        <title>{app ? `${title} – ${app}` : `${title} – Tessera`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content={light.paper} media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content={dark.paper} media="(prefers-color-scheme: dark)" />
        <meta name="robots" content="noindex" />
        <link rel="icon" type="image/svg+xml" href={base + mark.path} />
        <link rel="stylesheet" href={base + stylesheet.path} />
        {nonce && <script src={base + script.path} nonce={nonce} defer />}
      </head>
      <body class={places ? 'roomy' : wide ? 'wide' : undefined}>
        <header>
          {logo && image.test(logo) ? <img src={logo} alt="" referrerpolicy="no-referrer" /> : <Mark />}
          <span>{app ?? 'Tessera'}</span>
        </header>
        {places ? (
          <div class="beside">
            {places}
            <main>{children}</main>
          </div>
        ) : (
          <main>{children}</main>
        )}
      </body>
    </html>,
  )}`

/** What each page hands on from its presentation. */
export const framed = (page: Omit<Page, 'lang' | 'base' | 'nonce'>, { language, base, nonce }: Presentation): string =>
  render({ ...page, lang: language, base, nonce })
