import t from 'tap'
import { languages } from '../../src/pages/language.ts'
import { mark } from '../../src/pages/mark.tsx'
import { script } from '../../src/pages/script.ts'
import { stylesheet } from '../../src/pages/stylesheet.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { everyPage, plain } from '../support/gallery.ts'
import { inspect } from '../support/inspection.ts'

const origin = 'http://localhost'
const browser = await aBrowser(t)
const assets = new Map([stylesheet, script, mark].map((asset) => [asset.path, asset]))

/** Every page that exists, also those that no story reaches. */
for (const language of languages)
  t.test(`WCAG 2.2 AA: every page, ${language}`, { timeout: 60_000 }, async (t) => {
    const { page, context } = await aWindow(t, browser, { origins: [origin], viewport: { width: 360, height: 640 } })
    let html = ''
    await context.route('**/*', (route) => {
      const asset = assets.get(new URL(route.request().url()).pathname)
      const { contentType, body } = asset ?? { contentType: 'text/html; charset=utf-8', body: html }
      return route.fulfill({ contentType, body })
    })
    for (const [name, draw] of Object.entries(everyPage(plain))) {
      // With a nonce these leave by themselves.
      html = draw(['form-post', 'logged-out-telling'].includes(name) ? { language } : { language, nonce: 'abc' })
      await page.goto(`${origin}/`)
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      t.equal(overflow, 0, `WCAG 1.4.10: ${name} needs no sideways scrolling at 360 px`)
      await inspect(t, page, `gallery-${name}-${language}`)
    }
  })
