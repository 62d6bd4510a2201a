import { framed } from '../document.tsx'
import { Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { type EndName, endWords } from '../texts/family.ts'
import type { Chain } from './chain.ts'
import { FamilyStory } from './story.tsx'
import { familyWords } from './words.ts'

export type FamilyPage = {
  readonly id: string
  readonly app: string
  readonly end: EndName
  readonly endedAt: Date | undefined
  readonly began: Date
  readonly lastUsed: Date
  readonly chain: Chain
  readonly accountPath: string
}

/** For the person whose login it was. */
export const whyPage = (data: FamilyPage, presentation: Presentation): string => {
  const words = familyWords[presentation.language]
  const { title, happened, means, todo } = endWords(data.end, presentation.language)
  return framed(
    {
      title: words.why,
      wide: true,
      children: (
        <div id="why-page" class="stack">
          <p class="muted">{words.why}</p>
          <h1>{title}</h1>
          <p>{happened}</p>
          <p>{means}</p>
          <p>{todo}</p>
          <dl>
            <dt>{words.app}</dt>
            <dd>{data.app}</dd>
            <dt>{words.began}</dt>
            <dd>
              <Instant at={data.began} />
            </dd>
            <dt>{words.lastUsed}</dt>
            <dd>
              <Instant at={data.lastUsed} />
            </dd>
            {data.endedAt && (
              <>
                <dt>{words.ended}</dt>
                <dd>
                  <Instant at={data.endedAt} />
                </dd>
              </>
            )}
            <dt>{words.number}</dt>
            <dd>
              <code>{data.id}</code>
            </dd>
          </dl>
          <FamilyStory chain={data.chain} language={presentation.language} />
          <p class="links">
            <a href={data.accountPath}>{words.devices}</a>
          </p>
        </div>
      ),
    },
    presentation,
  )
}

/** For everybody else: a number leads nowhere without its owner. */
export const whyStrangerPage = (
  { id, accountPath }: { readonly id: string; readonly accountPath: string },
  presentation: Presentation,
): string => {
  const words = familyWords[presentation.language]
  return framed(
    {
      title: words.why,
      children: (
        <div id="why-stranger" class="stack">
          <h1>{words.strangerTitle}</h1>
          <p>{words.stranger}</p>
          <p>{words.strangerTodo}</p>
          <dl>
            <dt>{words.number}</dt>
            <dd>
              <code>{id}</code>
            </dd>
          </dl>
          <p class="links">
            <a href={accountPath}>{words.account}</a>
          </p>
        </div>
      ),
    },
    presentation,
  )
}
