import { Hidden, Instant, shownTo } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { Heads } from '../table.tsx'
import { adminTexts } from '../texts/admin.ts'
import { type LogoutTexts, logoutTexts } from '../texts/admin-logouts.ts'
import { type AdminFrame, adminFrame, type Pager, Pages } from './frame.tsx'

export type LogoutShown = {
  readonly id: string
  readonly userId: string
  readonly person: string
  readonly app: string
  readonly ended: Date
  readonly attempts: number
  readonly state: 'delivered' | 'waiting' | 'given_up'
  /** By its code. */
  readonly outcome: string | undefined
  readonly next: Date | undefined
}

export type LogoutsPage = Pager & {
  readonly frame: AdminFrame
  readonly logouts: readonly LogoutShown[]
  /** One was just asked for again. */
  readonly asked: boolean
}

const outcomeWords = (outcome: string | undefined, t: LogoutTexts): string => {
  if (outcome === undefined) return t.pending
  return isNamed(outcome, t) ? t.outcomes[outcome] : t.status(outcome.replace('http_', ''))
}

const isNamed = (outcome: string, { outcomes }: LogoutTexts): outcome is keyof LogoutTexts['outcomes'] =>
  Object.hasOwn(outcomes, outcome)

const Logout = ({
  logout,
  frame,
  t,
  words,
}: {
  readonly logout: LogoutShown
  readonly frame: AdminFrame
  readonly t: LogoutTexts
  readonly words: { readonly state: string }
}) => (
  <tr>
    <th scope="row">
      {logout.app}
      <span class="muted">
        <a href={`${frame.base}/admin/people/${logout.userId}`}>{logout.person}</a>, <Instant at={logout.ended} />
      </span>
    </th>
    <td data-label={words.state}>
      {t.states[logout.state]}
      {logout.attempts > 1 && <span class="muted">{t.attempts(logout.attempts)}</span>}
      {logout.state !== 'delivered' && <span class="muted">{outcomeWords(logout.outcome, t)}</span>}
      {logout.next && logout.attempts > 0 && (
        <span class="muted">
          {t.next}: <Instant at={logout.next} />
        </span>
      )}
    </td>
    <td>
      <form id={`again-${logout.id}`} method="post" action={`${frame.base}/admin/logouts`}>
        <Hidden fields={[['csrf', frame.csrf], ...shownTo(frame.person), ['id', logout.id]]} />
        <button id={`again-${logout.id}-submit`} type="submit" aria-label={t.againThat(logout.app, logout.person)}>
          {t.again}
        </button>
      </form>
    </td>
  </tr>
)

/** Back-channel logout: whom it reached, and whom not yet. */
export const logoutsPage = ({ frame, logouts, asked, ...pager }: LogoutsPage, presentation: Presentation): string => {
  const words = adminTexts[presentation.language]
  const t = logoutTexts[presentation.language]
  return adminFrame(
    {
      frame,
      place: 'logouts',
      title: t.title,
      children: (
        <>
          {asked && (
            <p id="logout-asked" role="status">
              {t.asked}
            </p>
          )}
          <p class="muted">{logouts.length === 0 ? t.none : t.means}</p>
          {logouts.length > 0 && (
            <table>
              <Heads labels={[words.families.app, words.state]} acts={words.acts} />
              <tbody>
                {logouts.map((logout) => (
                  <Logout key={logout.id} logout={logout} frame={frame} t={t} words={words} />
                ))}
              </tbody>
            </table>
          )}
          <Pages {...pager} words={words} />
        </>
      ),
    },
    presentation,
  )
}
