import { type DeviceName, deviceWords, Network } from '../device.tsx'
import { Instant } from '../form.tsx'
import { type Language, type Presentation, wordsFor } from '../language.ts'
import { Heads } from '../table.tsx'
import { type AdminTexts, adminTexts } from '../texts/admin.ts'
import { endWords, isEndName } from '../texts/family.ts'
import { type AdminFrame, adminFrame, type Counts, type Pager, Pages } from './frame.tsx'

export type EventShown = {
  readonly id: string
  readonly at: Date
  readonly kind: string
  /** Of an act: what it was on, and what it ended where that was counted. */
  readonly act?: { readonly target: string; readonly ended: Counts | undefined } | undefined
  /** Why it ended, by its code. */
  readonly reason?: string | undefined
  readonly person?: { readonly id: string; readonly username: string | undefined } | undefined
  readonly by?: { readonly is: 'person' | 'app'; readonly name: string } | { readonly is: 'command_line' } | undefined
  readonly app?: string | undefined
  readonly familyId?: string | undefined
  readonly device: DeviceName
  readonly network: string | undefined
}

type Said = { readonly words: AdminTexts; readonly language: Language }

const What = ({ event, words, language }: { readonly event: EventShown } & Said) => {
  const t = words.events
  const { act, reason, by } = event
  const kind = wordsFor(t.kinds, event.kind)
  return (
    <>
      {kind ?? <code>{event.kind}</code>}
      {act && (
        <span class="muted">
          {wordsFor(t.targets, act.target) ?? act.target}
          {act.ended && `: ${words.counts(act.ended.sessions, act.ended.families, act.ended.codes)}`}
        </span>
      )}
      {/* Where it is that somebody ended it, the name says so. */}
      {reason && !(by && reason.startsWith('revoked_by_')) && (
        <span class="muted">{isEndName(reason) ? endWords(reason, language).title : <code>{reason}</code>}</span>
      )}
      {by && <span class="muted">{t.by(by.is === 'command_line' ? t.commandLine : by.name)}</span>}
    </>
  )
}

const Event = ({ event, base, words, language }: { readonly event: EventShown; readonly base: string } & Said) => {
  const t = words.events
  return (
    <tr>
      <th scope="row">
        <Instant at={event.at} />
      </th>
      <td data-label={t.what}>
        <What event={event} words={words} language={language} />
      </td>
      <td data-label={words.person}>
        {event.person ? (
          <a href={`${base}/admin/people/${event.person.id}`}>{event.person.username ?? event.person.id}</a>
        ) : (
          '–'
        )}
      </td>
      <td data-label={words.families.app}>
        {event.app ?? '–'}
        {event.familyId && (
          <span class="muted">
            <a href={`${base}/admin/families/${event.familyId}`}>{t.login}</a>
          </span>
        )}
      </td>
      <td data-label={t.from}>
        {event.network === undefined ? '–' : <Network network={event.network} />}
        {event.device && <span class="muted">{deviceWords(event.device, words)}</span>}
      </td>
    </tr>
  )
}

export type EventsPage = Pager & {
  readonly frame: AdminFrame
  readonly events: readonly EventShown[]
  readonly of?: string | undefined
}

/** What happened, and who did it. */
export const eventsPage = ({ frame, events, of, ...pager }: EventsPage, presentation: Presentation): string => {
  const words = adminTexts[presentation.language]
  const t = words.events
  return adminFrame(
    {
      frame,
      place: 'events',
      title: of === undefined ? t.title : t.of(of),
      children: (
        <>
          {events.length === 0 && <p class="muted">{t.none}</p>}
          {events.length > 0 && (
            <table>
              <Heads labels={[t.when, t.what, words.person, words.families.app, t.from]} />
              <tbody>
                {events.map((event) => (
                  <Event
                    key={event.id}
                    event={event}
                    base={frame.base}
                    words={words}
                    language={presentation.language}
                  />
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
