import type { Test } from 'tap'
import type { Language } from '../../src/pages/language.ts'
import { mark } from '../../src/pages/mark.tsx'
import { script } from '../../src/pages/script.ts'
import { stylesheet } from '../../src/pages/stylesheet.ts'
import { aBrowser, aWindow } from './chromium.ts'
import { everyPage, plain } from './gallery.ts'
import { inspect } from './inspection.ts'

const origin = 'http://localhost'
const assets = new Map([stylesheet, script, mark].map((asset) => [asset.path, asset]))

/** Every page that exists, also those that no story reaches, narrow as a phone. */
export const inspectEveryPage = async (t: Test, language: Language): Promise<void> => {
  const browser = await aBrowser(t)
  const { page, context } = await aWindow(t, browser, { origins: [origin], viewport: { width: 360, height: 640 } })
  let html = ''
  await context.route('**/*', (route) => {
    const asset = assets.get(new URL(route.request().url()).pathname)
    const { contentType, body } = asset ?? { contentType: 'text/html; charset=utf-8', body: html }
    return route.fulfill({ contentType, body })
  })
  for (const [name, draw] of Object.entries(everyPage(plain))) {
    // With a nonce these leave by themselves.
    html = draw(
      ['form-post', 'logged-out-telling'].includes(name)
        ? { language, base: '' }
        : { language, base: '', nonce: 'abc' },
    )
    await page.goto(`${origin}/`)
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    t.equal(overflow, 0, `WCAG 1.4.10: ${name} needs no sideways scrolling at 360 px`)
    await inspect(t, page, `gallery-${name}-${language}`)
  }
}
