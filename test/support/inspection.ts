import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']
const ofColour = ['color-contrast', 'link-in-text-block']

/** No barrier that axe calls serious or critical, in light and in dark. A directory in LOOK_AT gets pictures. */
export const inspect = async (t: Test, page: Page, name: string): Promise<void> => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    // One document in two colour schemes: the second time only what depends on colour.
    const axe = new AxeBuilder({ page }).setLegacyMode()
    const rules = colorScheme === 'light' ? axe.withTags(standards) : axe.withRules(ofColour)
    const { violations } = await rules.analyze()
    const barriers = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
    t.same(barriers, [], `${name}, ${colorScheme}: no barrier`)
    await photograph(page, `${name}-${colorScheme}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

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
