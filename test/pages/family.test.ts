import t from 'tap'
import { drawable } from '../../src/pages/family/chain.ts'
import { whyPage } from '../../src/pages/family/page.tsx'
import { endWords, isEndName } from '../../src/pages/texts/family.ts'

const at = new Date('2026-01-05T10:30:00Z')
const pairs = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    generation: index + 1,
    at,
    network: '203.0.113.7',
    device: 'Firefox on Linux',
    retries: 0,
  }))

t.test('every end has its words, in every language', async (t) => {
  const names = [
    ...['replayed', 'stale', 'code_replayed', 'early_refresh', 'pair_mismatch', 'retry_elsewhere', 'logged_out'],
    ...['revoked_by_client', 'revoked_by_user', 'revoked_by_admin', 'user_disabled', 'client_disabled', 'replaced'],
    ...['password_changed', 'consent_withdrawn', 'session_evicted', 'not_me', 'idle', 'session_idle', 'over', 'alive'],
  ]
  for (const name of names) t.ok(isEndName(name) && endWords(name, 'ko').title !== endWords(name, 'en').title, name)
  t.notOk(isEndName('toString'))
})

t.test('of too many logins the one that began first ends, and so the page says', async (t) => {
  t.match(endWords('session_evicted', 'en').happened, /this login was the first to begin/)
  t.match(endWords('session_evicted', 'ko').happened, /가장 먼저 시작한 이 로그인/)
})

t.test('of a key that came back the page takes nobody for a thief, and blames no lost answer', async (t) => {
  t.match(
    endWords('replayed', 'en').happened,
    /time for asking again was over.*may have a copy, or the app kept an old/,
  )
  t.match(endWords('replayed', 'ko').happened, /시간이 지난 뒤에 또 왔어요.*갖고 있었을 수 있어요/)
  t.match(endWords('stale', 'en').happened, /restored backup, from another window .* or from somebody with a copy/)
  t.match(endWords('stale', 'ko').happened, /복원한 백업.*다른 창.*복사본/)
})

t.test('a chain of ten thousand pairs is drawn with a handful of tiles', async (t) => {
  const end = { at, title: 'A used key came back', theft: true, presented: 5000, network: undefined, device: undefined }
  const drawn = drawable({ pairs: pairs(10_000), end })
  t.same(
    drawn.map((each) => ('hidden' in each ? `${each.hidden} more` : each.generation)),
    [1, '4998 more', 5000, '4997 more', 9998, 9999, 10_000],
  )
  t.same(drawable({ pairs: pairs(6), end: undefined }).length, 6, 'a short one is drawn whole')
})

t.test('a page about ten thousand pairs stays small', async (t) => {
  const page = whyPage(
    {
      id: 'x',
      app: '<b>Notes</b>',
      end: 'logged_out',
      endedAt: at,
      began: at,
      lastUsed: at,
      chain: { pairs: pairs(10_000), end: undefined },
      accountPath: '/account',
    },
    { language: 'en', base: '' },
  )
  t.ok(page.length < 20_000, `${page.length} characters`)
  t.notMatch(page, /<b>Notes/, 'R11')
})
