import { type DeviceName, deviceWords, Network } from '../device.tsx'
import { Instant } from '../form.tsx'
import { type Presentation, wordsFor } from '../language.ts'
import { Heads } from '../table.tsx'
import { type AccountTexts, accountTexts } from '../texts/account.ts'
import { accountFrame } from './frame.tsx'

export type EndShown = {
  readonly id: string
  readonly at: Date
  readonly reason: string
  /** Undefined: the session itself, not an app. */
  readonly app: { readonly name: string | undefined } | undefined
  readonly device: DeviceName
  readonly network: string | undefined
}

const End = ({ end, base, words }: { readonly end: EndShown; readonly base: string; readonly words: AccountTexts }) => {
  const t = words.ended
  const app = end.app && (end.app.name ?? words.anApp)
  return (
    <tr>
      <th scope="row">{app ?? t.browser}</th>
      <td data-label={t.when}>
        <Instant at={end.at} />
      </td>
      <td data-label={t.why}>{wordsFor(t.reasons, end.reason) ?? t.otherReason}</td>
      <td data-label={t.from}>
        {deviceWords(end.device, words)}
        {end.network && (
          <span class="muted">
            <Network network={end.network} />
          </span>
        )}
      </td>
      <td>
        <div class="acts">
          {app && (
            <a href={`${base}/why/${end.id}`} aria-label={t.detailsOf(app)}>
              {words.notices.why}
            </a>
          )}
          <a href={`${base}/account/not-me`}>{words.notMe}</a>
        </div>
      </td>
    </tr>
  )
}

/** "Why was I logged out?" */
export const endedPage = (
  { base, ends }: { readonly base: string; readonly ends: readonly EndShown[] },
  presentation: Presentation,
): string => {
  const words = accountTexts[presentation.language]
  const t = words.ended
  return accountFrame(
    {
      base,
      place: 'ended',
      children: (
        <>
          <div class="stack">
            <h1>{words.places.ended}</h1>
            <p class="muted tight">{ends.length === 0 ? t.none : t.text}</p>
          </div>
          {ends.length > 0 && (
            <table>
              <Heads labels={[t.what, t.when, t.why, t.from]} acts={words.acts} />
              <tbody>
                {ends.map((end) => (
                  <End key={end.id} end={end} base={base} words={words} />
                ))}
              </tbody>
            </table>
          )}
        </>
      ),
    },
    presentation,
  )
}
