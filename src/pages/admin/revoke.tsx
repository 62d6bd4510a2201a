import { Alert, Hidden, type Pairs, shownTo } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { type RevokeTexts, revokeTexts } from '../texts/admin-revoke.ts'
import { type AdminFrame, adminFrame, type Counts, type Place } from './frame.tsx'

export type RevokePage = {
  readonly frame: AdminFrame
  readonly kind: keyof RevokeTexts['title']
  /** What it is on, in words; empty for everything. */
  readonly name: string
  readonly ends: Counts
  readonly of: Pairs
  readonly confirmation: string | undefined
  readonly from: string
  /** Why it has to be read once more. */
  readonly again?: keyof RevokeTexts['again'] | undefined
}

const placeOf: Readonly<Record<RevokePage['kind'], Place>> = {
  session: 'sessions',
  family: 'families',
  user: 'people',
  app: 'people',
  client: 'clients',
  all: 'everything',
}

/** Says what it will end before it ends it. */
export const revokePage = (data: RevokePage, presentation: Presentation): string => {
  const t = revokeTexts[presentation.language]
  const { frame, kind, ends, confirmation } = data
  return adminFrame(
    {
      frame,
      place: placeOf[kind],
      title: t.title[kind](data.name),
      children: (
        <form id="revoke-form" class="narrow" method="post" action={`${frame.base}/admin/revoke`}>
          <Hidden
            fields={[
              ['csrf', frame.csrf],
              ...shownTo(frame.person),
              ['from', data.from],
              ...data.of,
              ...(confirmation === undefined ? [] : [['confirmation', confirmation] as const]),
            ]}
          />
          {data.again && <Alert id="revoke-again">{t.again[data.again]}</Alert>}
          <p>{t.ends}</p>
          <ul id="revoke-ends" class="list">
            <li>{t.sessions(ends.sessions)}</li>
            <li>{t.families(ends.families)}</li>
            <li>{t.codes(ends.codes)}</li>
          </ul>
          <p>{t.means[kind]}</p>
          <div class="buttons">
            <button id="revoke-confirm" class="danger" type="submit">
              {t.submit}
            </button>
            <a id="revoke-back" class="button quiet" href={frame.base + data.from}>
              {t.back}
            </a>
          </div>
        </form>
      ),
    },
    presentation,
  )
}
