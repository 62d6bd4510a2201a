import { Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { adminTexts } from '../texts/admin.ts'
import { Families, type FamilyShown } from './families.tsx'
import { type AdminFrame, adminFrame, End, revokeLink } from './frame.tsx'
import { type PersonShown, stateWords } from './people.tsx'
import { type SessionShown, Sessions } from './sessions.tsx'

export type PersonPage = {
  readonly frame: AdminFrame
  readonly person: PersonShown
  readonly sessions: readonly SessionShown[]
  readonly moreSessions: boolean
  readonly families: readonly FamilyShown[]
  readonly moreFamilies: boolean
  /** What can be disconnected: where the person is logged in, or has given a consent. */
  readonly apps: readonly { readonly clientId: string; readonly name: string }[]
}

/** Everything that is alive of one person, and the way to end it. */
export const personPage = (data: PersonPage, presentation: Presentation): string => {
  const words = adminTexts[presentation.language]
  const { frame, person, sessions, families, apps } = data
  const from = `/admin/people/${person.id}`
  const rows = { frame, words, from, named: false }
  const query = new URLSearchParams({ user: person.id })
  return adminFrame(
    {
      frame,
      place: 'people',
      title: person.username,
      children: (
        <>
          <div class="stack">
            <dl>
              {person.name && (
                <>
                  <dt>{words.name}</dt>
                  <dd>{person.name}</dd>
                </>
              )}
              {person.email && (
                <>
                  <dt>{words.email}</dt>
                  <dd>{person.email}</dd>
                </>
              )}
              <dt>{words.state}</dt>
              <dd>{stateWords(person, words)}</dd>
              <dt>{words.since}</dt>
              <dd>
                <Instant at={person.since} />
              </dd>
              <dt>{words.id}</dt>
              <dd>
                <code>{person.id}</code>
              </dd>
            </dl>
            <p class="acts">
              <a
                id="end-person"
                class="button danger"
                href={revokeLink(frame.base, [
                  ['kind', 'user'],
                  ['id', person.id],
                ])}
              >
                {words.endPerson(person.username)}
              </a>
              <a href={`${frame.base}/admin/events?${query}`}>{words.events.link}</a>
            </p>
          </div>
          <section aria-labelledby="sessions">
            <h2 id="sessions">{words.sessions.title}</h2>
            <Sessions {...rows} sessions={sessions} />
            {data.moreSessions && <a href={`${frame.base}/admin/sessions?${query}`}>{words.sessions.all}</a>}
          </section>
          <section aria-labelledby="families">
            <h2 id="families">{words.families.title}</h2>
            <Families {...rows} families={families} />
            {data.moreFamilies && <a href={`${frame.base}/admin/families?${query}`}>{words.sessions.all}</a>}
          </section>
          {apps.length > 0 && (
            <section aria-labelledby="apps">
              <h2 id="apps">{words.clients.title}</h2>
              <ul class="list">
                {apps.map(({ clientId, name }, index) => (
                  <li key={clientId} class="acts">
                    <span>{name}</span>
                    <End
                      frame={frame}
                      id={`end-app-${index}`}
                      of={[
                        ['kind', 'app'],
                        ['user', person.id],
                        ['client', clientId],
                      ]}
                      from={from}
                      label={words.families.disconnect}
                      says={words.families.disconnectThat(person.username, name)}
                    />
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      ),
    },
    presentation,
  )
}
