import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { findChromium } from './chromium-binary.ts'

/** One Chromium for a test file, closed when the test ends. */
export const aBrowser = async (t: Test): Promise<Browser> => {
  const { executablePath, env } = await findChromium()
  const browser = await chromium.launch({ executablePath, env: { ...process.env, ...env } })
  t.teardown(() => browser.close())
  return browser
}

export type Window = {
  readonly context: BrowserContext
  readonly page: Page
  /** Another tab of the same person. */
  tab(): Promise<Page>
}

export type WindowOptions = BrowserContextOptions & {
  /** Whom its pages may talk to. */
  readonly origins: readonly string[]
  /** Paths at which a script meets refusals as part of the story: Chromium complains of each. */
  readonly refusals?: readonly string[]
}

/**
 * A person's browser with cookies of its own. The test fails when any page of it talks to a stranger, breaks the
 * Content-Security-Policy, or has anything to complain about.
 */
export const aWindow = async (t: Test, browser: Browser, options: WindowOptions): Promise<Window> => {
  const { origins, refusals = [], ...rest } = options
  const context = await browser.newContext(rest)
  context.setDefaultTimeout(30_000)
  const complaints: string[] = []
  const documents = new Set<string>()
  context.on('request', (request) => {
    if (request.isNavigationRequest()) documents.add(request.url())
    const { origin, protocol } = new URL(request.url())
    if (/^https?:$/.test(protocol) && !origins.includes(origin)) complaints.push(`request to ${request.url()}`)
  })
  context.on('console', (message) => {
    // A refusal shows as a page, and Chromium says its status once more.
    const isStatus = /^Failed to load resource: the server responded with a status of (4\d\d|503)/.test(message.text())
    const { url } = message.location()
    if (isStatus && (documents.has(url) || refusals.includes(new URL(url).pathname))) return
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`)
  })
  context.on('weberror', (error) => complaints.push(`script: ${error.error().message}`))
  t.teardown(async () => {
    await context.close()
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
  })
  return { context, page: await context.newPage(), tab: () => context.newPage() }
}
