import t from 'tap'
import { choiceLifetime, choiceToken, readChoice } from '../../src/identity/password-choice.ts'
import { at, aUser, start } from './people.ts'

const [secret, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const alice = aUser()

t.test('who proved the old password chooses a new one, in that browser, until one is chosen', async (t) => {
  const token = choiceToken([secret], alice, 'a browser', start)
  const choice = readChoice([newer, secret], token, at(choiceLifetime - 1))
  t.equal(choice?.userId, alice.id)
  t.ok(choice?.proves(alice, 'a browser'), 'after the secret was replaced, too')
  t.notOk(choice?.proves(alice, 'another browser'))
  t.notOk(choice?.proves({ ...alice, passwordHash: 'another' }, 'a browser'), 'a password was chosen since')
  t.notOk(choice?.proves({ ...alice, id: alice.id.replace('1', '2') }, 'a browser'), 'somebody else')
  t.notOk(readChoice([newer], token, start)?.proves(alice, 'a browser'), 'another secret')
  t.equal(readChoice([secret], token, at(choiceLifetime)), undefined, 'over')
  t.notOk(token.includes('hash of'), 'the cookie holds no hash')
})

t.test('nobody makes one up, prolongs one, or gives it to somebody else', async (t) => {
  const [id = '', expires = '', mac = ''] = choiceToken([secret], alice, 'a browser', start).split('.')
  for (const junk of [undefined, '', 'x', `${id}.${expires}.`, `${id}.${expires}.${mac}.`, `x${id}.${expires}.${mac}`])
    t.equal(readChoice([secret], junk, start), undefined, String(junk))
  const bob = aUser({ id: '00000000-0000-4000-8000-000000000002' })
  const forged = [
    [alice, `${id}.${Number(expires) + 1}.${mac}`],
    [alice, `${id}.${expires}.${'A'.repeat(43)}`],
    [bob, `${bob.id}.${expires}.${mac}`],
  ] as const
  for (const [user, token] of forged)
    t.equal(readChoice([secret], token, start)?.proves(user, 'a browser'), false, token)
})
