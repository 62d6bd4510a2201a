import { familyPage } from '../../src/pages/admin/family.tsx'
import type { Chain } from '../../src/pages/family/chain.ts'
import { whyPage, whyStrangerPage } from '../../src/pages/family/page.tsx'
import type { Presentation } from '../../src/pages/language.ts'
import { endWords } from '../../src/pages/texts/family.ts'
import type { Words } from './gallery.ts'

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 5, 9, minute))
const id = '018f3c1e-7b1a-7cc2-9c55-0a3d2f6f5c01'

/** The pages about one family, with the same words in every place that somebody else fills. */
export const familyPages = (words: Words): Readonly<Record<string, (presentation: Presentation) => string>> => {
  const { app, person, value } = words
  const pairs = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      generation: index + 1,
      at: at(index * 10),
      network: '203.0.113.7',
      device: app,
      retries: index === 2 ? 1 : 0,
    }))
  const robbed = ({ language }: Presentation): Chain => ({
    pairs: pairs(5),
    end: {
      at: at(55),
      title: endWords('replayed', language).title,
      theft: true,
      presented: 2,
      network: '198.51.100.9',
      device: app,
    },
  })
  const about = { id, app, began: at(0), lastUsed: at(40) }
  return {
    'why-replayed': (p) =>
      whyPage({ ...about, end: 'replayed', endedAt: at(55), chain: robbed(p), accountPath: '/account' }, p),
    'why-alive': (p) =>
      whyPage(
        { ...about, end: 'alive', endedAt: undefined, chain: { pairs: pairs(40), end: undefined }, accountPath: '/' },
        p,
      ),
    'why-stranger': (p) => whyStrangerPage({ id: value, accountPath: '/account' }, p),
    'admin-family': (p) =>
      familyPage(
        {
          ...about,
          frame: { base: '', csrf: value, person: { userId: id, username: person } },
          userId: id,
          username: person,
          clientId: value,
          sessionId: id,
          scope: ['openid', value],
          endsAtLatest: at(59),
          end: { name: 'replayed', at: at(55) },
          chain: robbed(p),
        },
        p,
      ),
  }
}
