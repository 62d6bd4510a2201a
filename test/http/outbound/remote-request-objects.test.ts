import t from 'tap'
import { Busy, type Outbound, Refused } from '../../../src/http/outbound/index.ts'
import { createRequestObjects } from '../../../src/http/outbound/remote-request-objects.ts'
import { Unavailable } from '../../../src/oauth/errors.ts'
import { aClock } from '../../support/clock.ts'

const uri = 'https://app.example/request'

/** @param read in the door's place */
const aReader = (read: Outbound['get']) => {
  const clock = aClock()
  const asked: string[] = []
  const get: Outbound['get'] = (uri, wanted) => {
    asked.push(uri)
    return read(uri, wanted)
  }
  const objects = createRequestObjects({ clock, log: { warn: () => {} }, outbound: { get } })
  return { clock, asked, objects, get: (uri: string) => objects.get(uri, { mayUseNamed: true }) }
}

t.test('D8 OIDC Core §6.2: thirty fragments of one moment share one reading, kept for the first', async (t) => {
  const answers: ((text: string) => void)[] = []
  const { get, asked } = aReader(() => new Promise((resolve) => answers.push(resolve)))
  const shared = Array.from({ length: 30 }, (_, fragment) => get(`${uri}#${fragment}`))
  answers[0]?.('first')
  t.same(await Promise.all(shared), Array(30).fill('first'))
  t.same(asked, [uri])
  t.equal(await get(`${uri}#0`), 'first', 'its fragment says that it is the same')
  const other = get(`${uri}#1`)
  answers[1]?.('second')
  t.equal(await other, 'second', 'of another nobody has said so')
  t.equal(asked.length, 2)
})

t.test('D8 who was turned away because too much was under way may come again at once', async (t) => {
  let busy = true
  const { get, asked } = aReader(async () => {
    if (busy) throw new Busy('too many requests are under way')
    return 'object'
  })
  await t.rejects(get(`${uri}#one`), Unavailable)
  await t.rejects(get(`${uri}#two`), Unavailable)
  busy = false
  t.equal(await get(uri), 'object')
  t.equal(await get(`${uri}#one`), 'object')
  t.equal(asked.length, 4, 'nothing was kept')
})

t.test('D8 a reading that failed is not repeated for thirty seconds, whatever the fragment', async (t) => {
  let fails = true
  const { get, asked, clock } = aReader(async () => {
    if (fails) throw new Refused('it cannot be reached')
    return 'object'
  })
  t.equal(await get(`${uri}#one`), undefined)
  fails = false
  clock.advance({ seconds: 29 })
  for (const fragment of ['', '#one', '#two']) t.equal(await get(uri + fragment), undefined)
  t.equal(asked.length, 1)
  clock.advance({ seconds: 1 })
  t.equal(await get(`${uri}#two`), 'object')
})

t.test('D8 the objects of clients that registered themselves crowd out none of an operator', async (t) => {
  const { get, objects, asked } = aReader(async () => 'x'.repeat(10_000))
  await get(`${uri}#one`)
  for (let at = 0; at < 500; at++) await objects.get(`${uri}/${at}#one`, { mayUseNamed: false })
  t.equal(asked.length, 501)
  await get(`${uri}#one`)
  t.equal(asked.length, 501, 'from memory')
  await objects.get(`${uri}#one`, { mayUseNamed: false })
  t.equal(asked.length, 502, 'which is for nobody else')
})

t.test('what fails in another way is no answer', async (t) => {
  await t.rejects(aReader(() => Promise.reject(new Error('a bug'))).get(uri), { message: 'a bug' })
})
