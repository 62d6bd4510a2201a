import type { Page } from 'playwright-core'
import type { Person } from './server.ts'

/** What a person does on the pages. */
export const heading = (page: Page): Promise<string | null> => page.locator('h1').textContent()

/** Presses what leads to another page, and waits until that one is there: what is read next is not the old page's. */
export const follow = async (page: Page, selector: string): Promise<void> => {
  const arrived = page.waitForEvent('framenavigated', (frame) => frame === page.mainFrame())
  await Promise.all([arrived, page.click(selector)])
  await page.waitForLoadState('domcontentloaded')
}

export const enter = async (page: Page, { username, password }: Pick<Person, 'username' | 'password'>) => {
  if (await page.locator('#username').isEditable()) await page.fill('#username', username)
  await page.fill('#password', password)
  await follow(page, '#login-submit')
}

/** From the login page to the app. */
export const goThrough = async (page: Page, person: Person): Promise<void> => {
  await enter(page, person)
  await follow(page, '#consent-allow')
  await page.waitForSelector('h1:text("Landed")')
}
