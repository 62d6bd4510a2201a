import { framed } from './document.tsx'
import { Hidden, Instant } from './form.tsx'
import { type Presentation, texts } from './language.ts'
import { Heads } from './table.tsx'
import { spaTexts } from './texts/demo-spa.ts'
import type { Texts } from './texts/en.ts'

export const demoHomePage = (data: { readonly logIn: string }, presentation: Presentation): string => {
  const words = texts[presentation.language].demo
  return framed(
    {
      title: words.logIn,
      app: words.app,
      children: (
        <>
          <div class="stack">
            <h1>{words.title}</h1>
            <p>{words.text}</p>
          </div>
          <a id="demo-log-in" class="button primary" href={data.logIn}>
            {words.logIn}
          </a>
          <a href="spa">{spaTexts[presentation.language].link}</a>
        </>
      ),
    },
    presentation,
  )
}

export type DemoSignedIn = {
  readonly person: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly token: { readonly expiresAt: Date; readonly generation?: number | undefined }
  /** What the demo API said; absent until it is called. */
  readonly answer?: { readonly status: number; readonly body: string } | undefined
  readonly csrf: string
  readonly actions: { readonly refresh: string; readonly call: string; readonly logOut: string }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

/** JSON in lines of its own, anything else as it came. */
const indented = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2)
  } catch {
    return body
  }
}

const Claims = ({ claims, words }: Pick<DemoSignedIn, 'claims'> & { readonly words: Texts['demo'] }) => (
  <table id="demo-claims">
    <caption>{words.claims}</caption>
    <Heads labels={[words.claim, words.value]} />
    <tbody>
      {Object.entries(claims).map(([name, value]) => (
        <tr key={name}>
          <th scope="row">
            <code>{name}</code>
          </th>
          <td>
            <code>{shown(value)}</code>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Action = ({
  id,
  path,
  csrf,
  label,
}: {
  readonly id: string
  readonly path: string
  readonly csrf: string
  readonly label: string
}) => (
  <form method="post" action={path}>
    <Hidden fields={[['csrf', csrf]]} />
    <button id={id} type="submit">
      {label}
    </button>
  </form>
)

export const demoSignedInPage = (data: DemoSignedIn, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const words = t.demo
  const { actions, answer, csrf, token } = data
  return framed(
    {
      title: words.signedInTitle(data.person),
      app: words.app,
      wide: true,
      children: (
        <>
          <h1>{words.signedInTitle(data.person)}</h1>
          <section>
            <h2>{words.token}</h2>
            <dl>
              <dt>{words.expires}</dt>
              <dd id="demo-expires">
                <Instant at={token.expiresAt} />
              </dd>
              {token.generation !== undefined && (
                <>
                  <dt>{words.generation}</dt>
                  <dd id="demo-generation">{token.generation}</dd>
                </>
              )}
            </dl>
          </section>
          <div class="row">
            <Action id="demo-refresh" path={actions.refresh} csrf={csrf} label={words.refresh} />
            <Action id="demo-call" path={actions.call} csrf={csrf} label={words.call} />
            <Action id="demo-log-out" path={actions.logOut} csrf={csrf} label={t.logOut} />
          </div>
          <section>
            <h2>{words.api}</h2>
            {answer ? (
              <>
                <p>
                  {words.status}: <code id="demo-status">{answer.status}</code>
                </p>
                <pre>
                  <code id="demo-answer">{indented(answer.body)}</code>
                </pre>
              </>
            ) : (
              <p class="muted">{words.notAsked}</p>
            )}
          </section>
          <Claims claims={data.claims} words={words} />
        </>
      ),
    },
    presentation,
  )
}

/** @property description as the server sent it; shown as text only */
export type DemoError = { readonly code: string; readonly description?: string | undefined; readonly home: string }

export const demoErrorPage = (data: DemoError, presentation: Presentation): string => {
  const words = texts[presentation.language].demo
  return framed(
    {
      title: words.errorTitle,
      app: words.app,
      children: (
        <div id="error-page" class="stack">
          <h1>{words.errorTitle}</h1>
          <p>{words.error}</p>
          <p>
            <code>{data.code}</code>
          </p>
          {data.description && <p class="muted">{data.description}</p>}
          <a class="button primary" href={data.home}>
            {words.back}
          </a>
        </div>
      ),
    },
    presentation,
  )
}
