import { Instant } from '../form.tsx'
import { wordsFor } from '../language.ts'
import { Heads } from '../table.tsx'
import type { AccountTexts } from '../texts/account.ts'
import type { Texts } from '../texts/en.ts'
import { type AccountFrame, Act } from './frame.tsx'

export type AppShown = {
  readonly clientId: string
  /** Undefined when the app is gone. */
  readonly name: string | undefined
  /** Of an app that lets a login begin here. */
  readonly start: string | undefined
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly since: Date
  readonly lastUsed: Date | undefined
  readonly logins: number
}

const Permission = ({ name, t }: { readonly name: string; readonly t: Texts }) =>
  wordsFor(t.consent.scopes, name) ?? <code>{name}</code>

const App = ({
  app,
  frame,
  words,
  t,
}: {
  readonly app: AppShown
  readonly frame: AccountFrame
  readonly words: AccountTexts
  readonly t: Texts
}) => {
  const name = app.name ?? words.anApp
  return (
    <tr>
      <th scope="row">
        {app.start === undefined ? (
          name
        ) : (
          <a id={`start-${app.clientId}`} href={app.start} rel="noreferrer">
            {name}
          </a>
        )}
      </th>
      <td data-label={words.apps.may}>
        <ul>
          {app.scope.map((scope) => (
            <li key={scope}>
              <Permission name={scope} t={t} />
            </li>
          ))}
          {app.resources.map((resource) => (
            <li key={resource}>
              {t.consent.resources}: <code>{resource}</code>
            </li>
          ))}
        </ul>
      </td>
      <td data-label={words.apps.since}>
        <Instant at={app.since} />
      </td>
      <td data-label={words.lastUsed}>{app.lastUsed ? <Instant at={app.lastUsed} /> : words.apps.notNow}</td>
      <td data-label={words.apps.logins}>{app.logins}</td>
      <td>
        <Act
          frame={frame}
          id={`disconnect-${app.clientId}`}
          to="disconnect"
          of={['client', app.clientId]}
          label={words.apps.end}
          says={words.apps.endThat(name)}
        />
      </td>
    </tr>
  )
}

export const Apps = ({
  apps,
  frame,
  words,
  t,
}: {
  readonly apps: readonly AppShown[]
  readonly frame: AccountFrame
  readonly words: AccountTexts
  readonly t: Texts
}) => (
  <section aria-labelledby="apps">
    <h2 id="apps">{words.apps.title}</h2>
    {apps.length === 0 ? (
      <p>{words.apps.none}</p>
    ) : (
      <table>
        <Heads
          labels={[words.apps.app, words.apps.may, words.apps.since, words.lastUsed, words.apps.logins]}
          acts={words.acts}
        />
        <tbody>
          {apps.map((app) => (
            <App key={app.clientId} app={app} frame={frame} words={words} t={t} />
          ))}
        </tbody>
      </table>
    )}
  </section>
)
