import { Instant } from '../form.tsx'
import type { AccountTexts } from '../texts/account.ts'
import { type AccountFrame, Act } from './frame.tsx'

export type NoticeShown = {
  readonly id: string
  readonly at: Date
  readonly app: string | undefined
  readonly familyId: string | undefined
}

/** What happened, what was done about it, and what to do. */
export const Notices = ({
  notices,
  frame,
  words,
}: {
  readonly notices: readonly NoticeShown[]
  readonly frame: AccountFrame
  readonly words: AccountTexts
}) => (
  <section aria-labelledby="notices">
    <h2 id="notices">{words.notices.title}</h2>
    {notices.map(({ id, at, app, familyId }) => (
      <div key={id} class="notice stack">
        <h3>{words.notices.copied(app)}</h3>
        <p class="muted tight">
          <Instant at={at} />
        </p>
        <p>{words.notices.done}</p>
        <p>{words.notices.todo}</p>
        <div class="acts">
          <Act frame={frame} id={`seen-${id}`} to="seen" of={['notice', id]} label={words.notices.seen} />
          <a href={`${frame.base}/account/not-me`}>{words.notMe}</a>
          {familyId && <a href={`${frame.base}/why/${familyId}`}>{words.notices.why}</a>}
        </div>
      </div>
    ))}
  </section>
)
