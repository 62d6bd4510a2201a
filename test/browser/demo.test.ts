import t from 'tap'
import { demoPerson } from '../../src/demo.ts'
import { follow, heading } from '../support/acts.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { inspect } from '../support/inspection.ts'
import { aServer } from '../support/server.ts'

const words = {
  'en-US': {
    start: 'Tessera is running',
    demo: 'Demo app',
    login: 'Log in',
    wrong: /not right/,
    consent: 'Allow Demo app?',
    hello: 'Hello, Alice Example',
  },
  'ko-KR': {
    start: 'Tessera 서버가 실행 중이에요',
    demo: '데모 앱',
    login: '로그인',
    wrong: /맞지 않아요/,
    consent: 'Demo app 앱에 동의할까요?',
    hello: 'Alice Example 님, 안녕하세요',
  },
} as const

const browser = await aBrowser(t)

for (const locale of ['en-US', 'ko-KR'] as const)
  for (const javaScriptEnabled of [false, true])
    t.test(`the demo, ${locale}, script ${javaScriptEnabled ? 'on' : 'off'}`, async (t) => {
      const said = words[locale]
      const server = await aServer(t, { demo: true })
      const { page, context } = await aWindow(t, browser, {
        locale,
        javaScriptEnabled,
        origins: [server.issuer],
      })
      const arrive = async (name: string, title: string) => {
        t.equal(await heading(page), title)
        if (javaScriptEnabled) await inspect(t, page, `${name}-${locale.slice(0, 2)}`)
      }

      await page.goto(`${server.issuer}/`)
      await arrive('start', said.start)
      await follow(page, '#demo-link')
      await arrive('demo-home', said.demo)
      await follow(page, '#demo-log-in')
      await arrive('login', said.login)

      await page.fill('#username', demoPerson.username)
      await page.fill('#password', 'open says me')
      await follow(page, '#login-submit')
      t.match(await page.locator('#login-error').textContent(), said.wrong)
      t.equal(await page.inputValue('#username'), demoPerson.username, 'what was typed stays')
      t.equal(await page.inputValue('#password'), '', 'but the password')
      await arrive('login-wrong', said.login)

      await page.fill('#password', demoPerson.password)
      await follow(page, '#login-submit')
      await arrive('consent', said.consent)
      await follow(page, '#consent-allow')
      await arrive('demo-signed-in', said.hello)
      t.equal(page.url(), `${server.issuer}/demo/`, 'no code stays in the address')

      await follow(page, '#demo-call')
      t.equal(await page.locator('#demo-status').textContent(), '200')
      await arrive('demo-called', said.hello)
      const generation = Number(await page.locator('#demo-generation').textContent())
      await follow(page, '#demo-refresh')
      t.equal(Number(await page.locator('#demo-generation').textContent()), generation + 1, 'a new pair')
      await follow(page, '#demo-call')
      t.equal(await page.locator('#demo-status').textContent(), '200', 'with the new token, too')

      const cookies = await context.cookies()
      t.same(cookies.map(({ name }) => name).sort(), [
        'tessera-browser',
        'tessera-demo',
        'tessera-device',
        'tessera-session',
        'tessera-state',
      ])
      for (const { name, httpOnly, sameSite, path, secure, expires } of cookies) {
        t.match(
          { httpOnly, sameSite, path, secure },
          // Session Management §3.2: a page of ours reads that one, and it is worth nothing.
          { httpOnly: name !== 'tessera-state', sameSite: 'Lax', path: '/', secure: false },
          name,
        )
        t.equal(expires === -1, name !== 'tessera-device', `${name}: only the device is remembered`)
      }

      await follow(page, '#demo-log-out')
      t.equal(await heading(page), said.demo)
      t.equal(page.url(), `${server.issuer}/demo/`)
      const left = (await context.cookies()).map(({ name }) => name)
      t.notOk(left.includes('tessera-session') || left.includes('tessera-demo'), 'logged out of the app and the server')

      await follow(page, '#demo-log-in')
      t.equal(await heading(page), said.login, 'the next one has to log in')
    })
