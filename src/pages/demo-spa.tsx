import { framed } from './document.tsx'
import type { Presentation } from './language.ts'
import { type SpaTexts, spaTexts } from './texts/demo-spa.ts'

/** All that the script has to know. */
export type DemoSpa = {
  readonly issuer: string
  readonly clientId: string
  readonly redirectUri: string
  readonly scope: string
  readonly api: string
  /** Of the script, relative to this page. */
  readonly script: string
}

const LoggedOut = ({ words }: { readonly words: SpaTexts }) => (
  <template id="logged-out">
    <div class="stack">
      <h1>{words.title}</h1>
      <p>{words.text}</p>
    </div>
    <button id="spa-log-in" type="button" class="button primary">
      {words.logIn}
    </button>
  </template>
)

const LoggedIn = ({ words }: { readonly words: SpaTexts }) => (
  <template id="logged-in">
    <h1 id="spa-hello">{words.title}</h1>
    <section>
      <h2>{words.token}</h2>
      <p class="muted">{words.tokenText}</p>
      <dl>
        <dt>{words.expires}</dt>
        <dd id="spa-expires" />
        <dt>{words.generation}</dt>
        <dd id="spa-generation" />
      </dl>
    </section>
    <div class="row">
      <button id="spa-refresh" type="button">
        {words.refresh}
      </button>
      <button id="spa-call" type="button">
        {words.call}
      </button>
      <button id="spa-log-out" type="button">
        {words.logOut}
      </button>
    </div>
    <section>
      <h2>{words.api}</h2>
      <div id="spa-answer" class="stack" aria-live="polite">
        <p class="muted">{words.notAsked}</p>
      </div>
    </section>
    <section>
      <h2>{words.seen}</h2>
      <p class="muted">{words.seenText}</p>
      <dl>
        <dt>{words.cookies}</dt>
        <dd id="spa-cookies" />
        <dt>{words.storage}</dt>
        <dd id="spa-storage" />
        <dt>{words.refreshToken}</dt>
        <dd>{words.hidden}</dd>
      </dl>
    </section>
  </template>
)

/** The script draws one of the two, with text alone: nothing that it was told becomes markup. */
export const demoSpaPage = (data: DemoSpa, presentation: Presentation): string => {
  const words = spaTexts[presentation.language]
  const { hello, status, nothing, away, refused } = words
  return framed(
    {
      title: words.title,
      app: words.app,
      wide: true,
      children: (
        <>
          <noscript>
            <div class="stack">
              <h1>{words.title}</h1>
              <p>{words.noscript}</p>
              <a href="./">{words.other}</a>
            </div>
          </noscript>
          <div
            id="spa"
            hidden
            data-issuer={data.issuer}
            data-client={data.clientId}
            data-redirect={data.redirectUri}
            data-scope={data.scope}
            data-api={data.api}
            data-words={JSON.stringify({ hello, status, nothing, away, refused })}
          />
          <LoggedOut words={words} />
          <LoggedIn words={words} />
          <script src={data.script} nonce={presentation.nonce} defer />
        </>
      ),
    },
    presentation,
  )
}
