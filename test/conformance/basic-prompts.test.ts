import t, { type Test } from 'tap'
import { aClient, aServerToTest, type Client, deliveries, type LoggedIn, titled } from './basic.ts'

const under = await aServerToTest(t)

/** A second request of the same browser, `seconds` after the first. @returns both logins */
const twice = async (
  t: Test,
  suite: Client,
  changes: Record<string, string> | ((first: LoggedIn) => Record<string, string>),
  seconds = 2,
) => {
  const app = await suite.anApp()
  const first = await suite.logIn(t, app)
  suite.server.clock.advance({ seconds })
  const again = typeof changes === 'function' ? changes(first) : changes
  return { app, first, second: await suite.logIn(t, app, again, { visitor: first.visitor }) }
}

const sameLogin = (t: Test, first: LoggedIn, second: LoggedIn): void => {
  t.equal(second.idToken.sub, first.idToken.sub)
  t.type(first.idToken.auth_time, 'number')
  t.equal(second.idToken.auth_time, first.idToken.auth_time)
}
const laterLogin = (t: Test, first: LoggedIn, second: LoggedIn, seconds: number): void => {
  t.ok(second.saw.includes('login'), 'the password is asked for again')
  t.equal(second.idToken.sub, first.idToken.sub)
  t.equal(Number(second.idToken.auth_time), Number(first.idToken.auth_time) + seconds)
}

for (const delivery of deliveries) {
  const suite = aClient(under, delivery)
  const { server } = suite

  t.test(titled('oidcc-prompt-login', delivery, 'a second login, with a later auth_time'), async (t) => {
    const { first, second } = await twice(t, suite, { prompt: 'login' })
    laterLogin(t, first, second, 2)
  })

  t.test(titled('oidcc-prompt-none-not-logged-in', delivery, 'login_required, without a page'), async (t) => {
    const { callback, sent, saw } = await suite.ask(await suite.anApp(), { prompt: 'none' })
    t.match(callback, { error: 'login_required', state: sent.state, iss: server.issuer })
    t.notOk(callback && 'code' in callback)
    t.same(saw, [])
  })

  t.test(titled('oidcc-prompt-none-logged-in', delivery, 'silent: the same sub and auth_time'), async (t) => {
    const { first, second } = await twice(t, suite, { prompt: 'none' })
    t.same(second.saw, [])
    sameLogin(t, first, second)
  })

  t.test(titled('oidcc-id-token-hint', delivery, 'silent with the hint, and for nobody else'), async (t) => {
    const hint = ({ tokens }: LoggedIn) => ({ prompt: 'none', id_token_hint: String(tokens.body.id_token) })
    const { app, first, second } = await twice(t, suite, hint)
    t.same(second.saw, [])
    sameLogin(t, first, second)
    const stranger = await suite.ask(app, hint(first))
    t.equal(stranger.callback?.error, 'login_required')
  })

  t.test(titled('oidcc-max-age-1', delivery, 'an older login is renewed, and auth_time says so'), async (t) => {
    const { first, second } = await twice(t, suite, { max_age: '1' })
    laterLogin(t, first, second, 2)
  })

  t.test(titled('oidcc-max-age-10000', delivery, 'a younger login stands, and auth_time says so'), async (t) => {
    const { first, second } = await twice(t, suite, { max_age: '10000' })
    t.notOk(second.saw.includes('login'))
    sameLogin(t, first, second)
  })
}
