import { type DeviceName, deviceWords, Network } from '../device.tsx'
import { Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { Heads } from '../table.tsx'
import { type AdminTexts, adminTexts } from '../texts/admin.ts'
import { type AdminFrame, adminFrame, End, type Pager, Pages } from './frame.tsx'

export type SessionShown = {
  readonly id: string
  readonly userId: string
  readonly username: string
  readonly device: DeviceName
  readonly network: string | undefined
  readonly isHere: boolean
  readonly began: Date
  readonly lastUsed: Date
}

/** @property named whether the person is named in each row, or all rows are of one */
export type Rows = {
  readonly frame: AdminFrame
  readonly words: AdminTexts
  readonly from: string
  readonly named: boolean
}

/** The head of a row: the person, and the way to all that is theirs. */
export const Whose = ({
  of,
  base,
}: {
  readonly of: { readonly userId: string; readonly username: string }
  readonly base: string
}) => (
  <th scope="row">
    <a href={`${base}/admin/people/${of.userId}`}>{of.username}</a>
  </th>
)

export const Sessions = ({
  sessions,
  frame,
  words,
  from,
  named,
}: Rows & { readonly sessions: readonly SessionShown[] }) => {
  const t = words.sessions
  if (sessions.length === 0) return <p class="muted">{t.none}</p>
  return (
    <table>
      <Heads labels={[...(named ? [words.person] : []), t.device, t.began, t.lastUsed]} acts={words.acts} />
      <tbody>
        {sessions.map((session) => {
          const device = deviceWords(session.device, words)
          return (
            <tr key={session.id}>
              {named && <Whose of={session} base={frame.base} />}
              <td data-label={t.device}>
                {device} {session.isHere && <span class="new">{t.here}</span>}
                <span class="muted">{session.network && <Network network={session.network} />}</span>
              </td>
              <td data-label={t.began}>
                <Instant at={session.began} />
              </td>
              <td data-label={t.lastUsed}>
                <Instant at={session.lastUsed} />
              </td>
              <td>
                <End
                  frame={frame}
                  id={`end-session-${session.id}`}
                  of={[
                    ['kind', 'session'],
                    ['id', session.id],
                  ]}
                  from={from}
                  label={t.end}
                  says={t.endThat(session.username, device)}
                />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

export type SessionsPage = Pager & {
  readonly frame: AdminFrame
  readonly sessions: readonly SessionShown[]
  /** Whose these are, where they are of one person. */
  readonly of?: string | undefined
}

export const sessionsPage = ({ frame, sessions, of, ...pager }: SessionsPage, presentation: Presentation): string => {
  const words = adminTexts[presentation.language]
  return adminFrame(
    {
      frame,
      place: 'sessions',
      title: of === undefined ? words.sessions.title : words.sessions.of(of),
      children: (
        <>
          <Sessions frame={frame} sessions={sessions} words={words} from="/admin/sessions" named />
          <Pages {...pager} words={words} />
        </>
      ),
    },
    presentation,
  )
}
