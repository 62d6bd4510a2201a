import { administratorPath } from './http/interaction/administrator.ts'
import { newAdministratorLink } from './identity/administrator.ts'
import type { AdminLinkStore } from './identity/stores.ts'
import type { Start } from './pages/start.tsx'
import type { Random } from './random.ts'

type Shown = Omit<NonNullable<Start['development']>, 'administratorMissing'> & {
  readonly clients: readonly { readonly id: string; readonly secret: string }[]
}

/** What the first start says: where to go, and how to become somebody. */
export const welcome = async (deps: {
  readonly config: { readonly issuer: string }
  readonly links: AdminLinkStore
  readonly demo: Shown | undefined
  readonly random: Random
  readonly now: Date
}): Promise<string> => {
  const { config, links, demo, random, now } = deps
  const { issuer } = config
  const rows: [string, string][] = [
    ['Issuer', issuer],
    ['Start page', `${issuer}/`],
  ]
  if (!(await links.hasAdministrator())) {
    const link = newAdministratorLink(random, now)
    await links.create(link.hash, link.createdAt, link.expiresAt)
    rows.push(['First administrator', `${issuer}${administratorPath}?token=${link.token}  (once, within a day)`])
  }
  if (demo) {
    rows.push(['Demo person', `${demo.demo.username} / ${demo.demo.password}`])
    for (const { id, secret } of demo.clients) rows.push(['Demo client', `${id} / ${secret}`])
  }
  const width = Math.max(...rows.map(([name]) => name.length))
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')
  const curl = demo ? `\n\nA token, when you paste this:\n\n  ${demo.curl}` : ''
  return `\nTessera is running.\n\n${table}${curl}\n\n`
}
