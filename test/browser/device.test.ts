import t from 'tap'
import { enter, follow, heading } from '../support/acts.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { aDevice, aDeviceApp } from '../support/devices.ts'
import { inspect } from '../support/inspection.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const browser = await aBrowser(t)
const origins = [server.issuer]
const alice = await server.aPerson()
const app = await aDeviceApp(server, { client_name: 'Television' })

t.test('RFC 8628 in a browser: the code from the address, log-in, the question, the answer', async (t) => {
  const device = await aDevice(server, app)
  const { page } = await aWindow(t, browser, { origins })
  await page.goto(device.complete)
  t.equal(await page.inputValue('#user_code'), device.userCode)
  await inspect(t, page, 'device')
  await follow(page, '#device-submit')
  await enter(page, alice)
  t.equal(await heading(page), 'Allow Television?')
  t.match(await page.textContent('#asking-device'), device.userCode)
  await inspect(t, page, 'device-consent')
  await page.reload()
  t.equal(await heading(page), 'Allow Television?')
  await follow(page, '#consent-allow')
  t.equal(await heading(page), 'Your device is connected')
  await inspect(t, page, 'device-allowed')
  t.equal((await device.poll()).status, 200)
  await page.goBack()
  t.equal(await heading(page), 'This is already done', 'the way back decides nothing again')
})

t.test(
  'RFC 8628 in a browser: a code that is wrong is said so beside its field, and the next one is entered',
  async (t) => {
    const device = await aDevice(server, app)
    const { page } = await aWindow(t, browser, { origins })
    await page.goto(`${server.issuer}/device`)
    await page.fill('#user_code', 'bbbb bbbb')
    await follow(page, '#device-submit')
    t.match(await page.textContent('#device-error'), 'This code is not right')
    t.equal(await page.getAttribute('#user_code', 'aria-describedby'), 'device-error')
    await inspect(t, page, 'device-unknown')
    await page.fill('#user_code', device.userCode.toLowerCase())
    await page.press('#user_code', 'Enter')
    await enter(page, alice)
    await follow(page, '#consent-deny')
    t.equal(await heading(page), 'The device is not connected')
    t.match(await device.poll(), { body: { error: 'access_denied' } })
  },
)
