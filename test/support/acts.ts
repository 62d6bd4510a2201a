import type { Page } from 'playwright-core'
import type { Person } from './server.ts'

/** What a person does on the pages. */
export const heading = (page: Page): Promise<string | null> => page.locator('h1').textContent()

export const enter = async (page: Page, { username, password }: Pick<Person, 'username' | 'password'>) => {
  if (await page.locator('#username').isEditable()) await page.fill('#username', username)
  await page.fill('#password', password)
  await page.click('#login-submit')
}

/** From the login page to the app. */
export const goThrough = async (page: Page, person: Person): Promise<void> => {
  await enter(page, person)
  await page.click('#consent-allow')
  await page.waitForSelector('h1:text("Landed")')
}
