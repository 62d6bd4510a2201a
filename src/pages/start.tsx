import { framed } from './document.tsx'
import { Copyable } from './form.tsx'
import { type Presentation, texts } from './language.ts'

export type Start = {
  readonly issuer: string
  /** What only a development server shows. */
  readonly development?:
    | {
        readonly demo: { readonly path: string; readonly username: string; readonly password: string }
        /** One line that asks for a token. */
        readonly curl: string
        readonly administratorMissing: boolean
      }
    | undefined
}

const Development = ({
  issuer,
  demo,
  curl,
  administratorMissing,
  presentation,
}: NonNullable<Start['development']> & { readonly issuer: string; readonly presentation: Presentation }) => {
  const { language, base } = presentation
  const t = texts[language]
  const words = t.start
  return (
    <>
      <div class="stack">
        <h1>{words.developmentTitle}</h1>
        <p>{words.development}</p>
        <p>
          <code>{issuer}</code>
        </p>
      </div>
      <section>
        <h2>{words.person}</h2>
        <dl>
          <dt>{t.username}</dt>
          <dd>
            <code id="demo-username">{demo.username}</code>
          </dd>
          <dt>{t.password}</dt>
          <dd>
            <code id="demo-password">{demo.password}</code>
          </dd>
        </dl>
        <a id="demo-link" class="button primary" href={demo.path}>
          {words.tryIt}
        </a>
      </section>
      <section>
        <h2>{words.shell}</h2>
        <p class="muted">{words.shellText}</p>
        <Copyable copy={t.copy}>{curl}</Copyable>
      </section>
      {administratorMissing && (
        <section>
          <h2>{words.adminTitle}</h2>
          <p>{words.admin}</p>
        </section>
      )}
      <section>
        <h2>{words.documents}</h2>
        <p class="links">
          <a href={`${base}/.well-known/openid-configuration`}>{words.discovery}</a>
          <a href={`${base}/.well-known/jwks.json`}>{words.keys}</a>
        </p>
      </section>
    </>
  )
}

/** `/`: what runs here, and how to try it; in production, only what this is. */
export const startPage = ({ issuer, development }: Start, presentation: Presentation): string => {
  const t = texts[presentation.language]
  return framed(
    {
      title: development ? t.start.developmentTitle : t.start.productionTitle,
      wide: development !== undefined,
      children: development ? (
        <Development {...development} issuer={issuer} presentation={presentation} />
      ) : (
        <>
          <h1>{t.start.productionTitle}</h1>
          <p>{t.start.production}</p>
          <p class="links">
            <a href={`${presentation.base}/account`}>{t.account}</a>
          </p>
        </>
      ),
    },
    presentation,
  )
}
