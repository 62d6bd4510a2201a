import t from 'tap'
import { deviceOf, deviceParts } from '../src/user-agent.ts'

t.test('a device is what a person would call it', async (t) => {
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
  const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
  const table: readonly (readonly [string | undefined, string | undefined])[] = [
    [`${windows} Chrome/120.0.0.0 Safari/537.36`, 'Chrome on Windows'],
    [`${windows} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0`, 'Microsoft Edge on Windows'],
    [`${phone} Version/17.4 Mobile/15E148 Safari/604.1`, 'Safari on iOS'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0', 'Firefox on Linux'],
    ['my-backend/1.2 (x)', 'my-backend'],
    ['x'.repeat(400), 'x'.repeat(40)],
    ['', undefined],
    [undefined, undefined],
  ]
  for (const [userAgent, device] of table) t.equal(deviceOf(userAgent), device, String(device))
  t.same(deviceParts('node'), { browser: 'node', system: undefined })
})
