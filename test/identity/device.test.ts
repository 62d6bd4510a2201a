import t from 'tap'
import { deviceLifetime, deviceToken, knownDevice } from '../../src/identity/device.ts'
import { systemRandom as random } from '../../src/random.ts'
import { at, start } from './people.ts'

const [secret, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

t.test('S10 a device is known to the person who logged in there, until it is not', async (t) => {
  const token = deviceToken([secret], 'alice.archer', random, start)
  t.match(knownDevice([secret], 'alice.archer', token, start), /^[\w-]{22}$/)
  t.ok(knownDevice([newer, secret], 'alice.archer', token, start), 'after the secret was replaced')
  t.notOk(token.includes('alice.archer'), 'the cookie names nobody')

  t.equal(knownDevice([secret], 'bob', token, start), undefined, 'somebody else')
  t.equal(knownDevice([newer], 'alice.archer', token, start), undefined, 'another secret')
  t.equal(knownDevice([secret], 'alice.archer', token, at(deviceLifetime)), undefined, 'over')
  t.equal(knownDevice([secret], 'alice.archer', undefined, start), undefined)
})

t.test('S10 an attacker cannot make one up, prolong one, or name another bucket', async (t) => {
  const [id = '', expires = '', mac = ''] = deviceToken([secret], 'alice.archer', random, start).split('.')
  const forged = [
    '',
    'x',
    `${id}.${expires}.`,
    `${id}.${expires}.${'A'.repeat(43)}`,
    `${id}.${Number(expires) + 1}.${mac}`,
    `${'A'.repeat(22)}.${expires}.${mac}`,
    `${id}.${expires}.${mac}.`,
    'x'.repeat(100_000),
  ]
  for (const token of forged)
    t.equal(knownDevice([secret], 'alice.archer', token, start), undefined, token.slice(0, 80))
})
