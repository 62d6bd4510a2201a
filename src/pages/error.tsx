import { framed } from './document.tsx'
import { type Presentation, texts } from './language.ts'
import { webLink } from './link.ts'
import { Heads } from './table.tsx'
import type { Texts } from './texts/en.ts'

export type ErrorKind = keyof Texts['error']['kinds']

/** @property registered every value that would have been accepted */
export type Comparison = {
  readonly parameter: string
  readonly received: string | undefined
  readonly registered: readonly string[]
}

export type ErrorData = {
  readonly kind: ErrorKind
  /** The OAuth error code, RFC 6749 §4.1.2.1 and its extensions. */
  readonly code: string
  readonly requestId: string
  readonly app?: { readonly name: string; readonly uri?: string | undefined } | undefined
  /** On loopback only: it repeats what was received and names what is registered. */
  readonly developer?: { readonly check: string; readonly comparisons: readonly Comparison[] } | undefined
}

const commonLength = (one: string, other: string): number => {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}

/** What was received, marked from where it leaves the registered value that is nearest. */
const Received = ({ received, registered, absent }: Omit<Comparison, 'parameter'> & { readonly absent: string }) => {
  if (received === undefined) return registered.length > 0 ? <mark>{absent}</mark> : <span>{absent}</span>
  if (registered.includes(received)) return <code>{received}</code>
  const same = Math.max(0, ...registered.map((value) => commonLength(received, value)))
  return (
    <code>
      {received.slice(0, same)}
      <mark>{received.slice(same) || '…'}</mark>
    </code>
  )
}

const Developer = ({ check, comparisons, t }: NonNullable<ErrorData['developer']> & { readonly t: Texts }) => {
  const words = t.error.developer
  return (
    <section id="error-developer">
      <h2>{words.title}</h2>
      <p class="muted">{words.why}</p>
      <p>
        {words.check}: <strong>{check}</strong>
      </p>
      {comparisons.length > 0 && (
        <table>
          <caption>{words.caption}</caption>
          <Heads labels={[words.parameter, words.received, words.registered]} />
          <tbody>
            {comparisons.map(({ parameter, received, registered }) => (
              <tr key={parameter}>
                <th scope="row">
                  <code>{parameter}</code>
                </th>
                <td data-label={words.received}>
                  <Received received={received} registered={registered} absent={words.absent} />
                </td>
                <td data-label={words.registered}>
                  {registered.length === 0 ? (
                    words.absent
                  ) : (
                    <ul>
                      {registered.map((value) => (
                        <li key={value}>
                          <code>{value}</code>
                        </li>
                      ))}
                    </ul>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** What happened, what it means for the person, what to do, and the id to quote. */
export const errorPage = (data: ErrorData, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const { title, happened, means, todo } = t.error.kinds[data.kind]
  const home = webLink(data.app?.uri)
  return framed(
    {
      title,
      app: data.app?.name,
      wide: data.developer !== undefined,
      children: (
        <div id="error-page" class="stack">
          <h1>{title}</h1>
          <p>{happened}</p>
          <p>{means}</p>
          <p>{todo}</p>
          {data.app && home && (
            <a class="button primary" href={home} rel="noreferrer">
              {t.error.back(data.app.name)}
            </a>
          )}
          <dl>
            <dt>{t.error.code}</dt>
            <dd>
              <code>{data.code}</code>
            </dd>
            <dt>{t.error.id}</dt>
            <dd>
              <code>{data.requestId}</code>
            </dd>
          </dl>
          {data.developer && <Developer {...data.developer} t={t} />}
        </div>
      ),
    },
    presentation,
  )
}
