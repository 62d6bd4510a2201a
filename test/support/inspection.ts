import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { AxeResults, Result } from 'axe-core'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']
const ofColour = ['color-contrast', 'link-in-text-block']

/** No barrier that axe calls serious or critical, in light and in dark. A directory in LOOK_AT gets pictures. */
export const inspect = async (t: Test, page: Page, name: string): Promise<void> => {
  await page.emulateMedia({ colorScheme: 'light' })
  const { violations } = await new AxeBuilder({ page }).withTags(standards).setLegacyMode().analyze()
  t.same(barriers(violations), [], `${name}: no barrier`)
  await photograph(page, `${name}-light`)
  await page.emulateMedia({ colorScheme: 'dark' })
  // The same document, and axe is in it still: only what depends on colour.
  const options = { runOnly: ofColour, resultTypes: ['violations'] }
  const dark = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`)
  t.ok(dark.passes.length + dark.inapplicable.length + dark.violations.length > 0, `${name}: axe ran`)
  t.same(barriers(dark.violations), [], `${name}, dark: no barrier`)
  await photograph(page, `${name}-dark`)
  await page.emulateMedia({ colorScheme: 'light' })
}

const barriers = (violations: readonly Result[]): string[] =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))

const photograph = async (page: Page, name: string): Promise<void> => {
  const directory = process.env.LOOK_AT
  if (!directory) return
  await mkdir(directory, { recursive: true })
  const before = page.viewportSize()
  for (const width of [360, 768, 1280]) {
    await page.setViewportSize({ width, height: 640 })
    await page.screenshot({ path: join(directory, `${name}-${width}.png`), fullPage: true })
  }
  if (before) await page.setViewportSize(before)
}
