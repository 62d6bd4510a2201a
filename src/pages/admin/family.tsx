import type { Chain } from '../family/chain.ts'
import { FamilyStory } from '../family/story.tsx'
import { familyWords } from '../family/words.ts'
import { Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { adminTexts } from '../texts/admin.ts'
import { type EndName, endWords } from '../texts/family.ts'
import { type AdminFrame, adminFrame, End } from './frame.tsx'

export type FamilyPage = {
  readonly frame: AdminFrame
  readonly id: string
  readonly userId: string
  readonly username: string
  readonly clientId: string
  readonly app: string
  readonly sessionId: string
  readonly scope: readonly string[]
  readonly began: Date
  readonly lastUsed: Date
  readonly endsAtLatest: Date
  readonly end: { readonly name: EndName; readonly at: Date } | undefined
  readonly chain: Chain
}

/** One login of one person in one app, with every pair of tokens it ever bought. */
export const familyPage = (data: FamilyPage, presentation: Presentation): string => {
  const { frame, end } = data
  const words = adminTexts[presentation.language]
  const t = familyWords[presentation.language]
  const ended = end && endWords(end.name, presentation.language)
  return adminFrame(
    {
      frame,
      place: 'families',
      title: `${data.username} · ${data.app}`,
      children: (
        <>
          {ended && (
            <p id="family-end">
              <strong>{ended.title}.</strong> {ended.happened}
            </p>
          )}
          <dl>
            <dt>{t.person}</dt>
            <dd>
              <a href={`${frame.base}/admin/people/${data.userId}`}>{data.username}</a>
            </dd>
            <dt>{t.app}</dt>
            <dd>
              <a href={`${frame.base}/admin/families?${new URLSearchParams({ client: data.clientId })}`}>{data.app}</a>
            </dd>
            <dt>{t.scope}</dt>
            <dd>
              <code>{data.scope.join(' ')}</code>
            </dd>
            <dt>{t.began}</dt>
            <dd>
              <Instant at={data.began} />
            </dd>
            <dt>{t.lastUsed}</dt>
            <dd>
              <Instant at={data.lastUsed} />
            </dd>
            <dt>{end ? t.ended : t.expires}</dt>
            <dd>
              <Instant at={end?.at ?? data.endsAtLatest} />
            </dd>
            <dt>{t.session}</dt>
            <dd>
              <code>{data.sessionId}</code>
            </dd>
            <dt>{t.number}</dt>
            <dd>
              <code>{data.id}</code>
            </dd>
          </dl>
          <FamilyStory chain={data.chain} language={presentation.language} />
          {!end && (
            <div class="acts">
              <End
                frame={frame}
                id="end-family"
                of={[
                  ['kind', 'family'],
                  ['id', data.id],
                ]}
                from="/admin/families"
                label={words.families.end}
                says={words.families.endThat(data.username, data.app)}
              />
            </div>
          )}
        </>
      ),
    },
    presentation,
  )
}
