import t from 'tap'
import { follow, heading } from '../support/acts.ts'
import { anAdministrator } from '../support/administrator.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { alive, anEstate } from '../support/estate.ts'
import { inspect } from '../support/inspection.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const browser = await aBrowser(t)
const root = await anAdministrator(server)
const origins = [server.issuer]

for (const javaScriptEnabled of [true, false])
  t.test(
    `an administrator finds a person and ends first a device, then everything (script: ${javaScriptEnabled})`,
    async (t) => {
      const estate = await anEstate(server)
      const { page } = await aWindow(t, browser, { origins, javaScriptEnabled })
      const look = async (name: string) => (javaScriptEnabled ? inspect(t, page, `admin-real-${name}`) : undefined)
      await page.goto(`${server.issuer}/admin`)
      await page.fill('#username', root.username)
      await page.fill('#password', root.password)
      await follow(page, '#login-submit')
      t.equal(await heading(page), 'People')
      await page.fill('#q', estate.person.username.toUpperCase())
      await follow(page, '#search-submit')
      await look('people')
      await follow(page, `a:text-is("${estate.person.username}")`)
      t.equal(await heading(page), estate.person.username)
      await look('person')

      await follow(page, `#end-session-${estate.sessionId}-submit`)
      t.match(await page.locator('#admin-done').textContent(), 'Ended: 1 session, 2 logins in apps, 1 pending code.')
      t.same(await alive([server], estate), [['laptop, app', 'bystander, app']])

      await follow(page, '#end-person')
      t.equal(await heading(page), `End everything of ${estate.person.username}?`)
      t.match(await page.locator('#revoke-ends').textContent(), '1 session1 login in an app0 pending codes')
      await look('revoke')
      await follow(page, '#revoke-confirm')
      await page.waitForSelector('#admin-done')
      t.equal(await heading(page), estate.person.username, 'back at the person')
      t.same(await alive([server], estate), [['bystander, app']])

      await follow(page, 'a:text-is("Events")')
      t.equal(await heading(page), 'What happened')
      t.match(await page.locator('tbody tr').first().textContent(), `by ${root.username}`)
      await look('events')
      await follow(page, 'a:text-is("Devices")')
      await look('sessions')
      await follow(page, 'a:text-is("Logins in apps")')
      await look('families')
      await follow(page, 'a:text-is("Apps")')
      await look('clients')
    },
  )

t.test('everything: the administrator is logged out too', async (t) => {
  const estate = await anEstate(server)
  const { page } = await aWindow(t, browser, { origins, locale: 'ko' })
  await page.goto(`${server.issuer}/admin/revoke?kind=all`)
  await page.fill('#username', root.username)
  await page.fill('#password', root.password)
  await follow(page, '#login-submit')
  t.equal(await heading(page), '모든 사람의 로그인을 모두 끝낼까요?')
  await inspect(t, page, 'admin-real-all-ko')
  await follow(page, '#revoke-confirm')
  await page.waitForSelector('#login-form')
  t.same(await alive([server], estate), [[]])
})
