import type { Command } from 'commander'
import { newAdministratorLink } from '../identity/administrator.ts'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, withStores } from './context.ts'

const link = (context: Context) => () =>
  withStores(context, async ({ adminLinks }, { issuer }) => {
    const { administratorPath } = await import('../http/interaction/administrator.ts')
    const { token, hash, createdAt, expiresAt } = newAdministratorLink(context.random, context.clock.now())
    await adminLinks.create(hash, createdAt, expiresAt)
    const address = `${issuer}${administratorPath}?token=${token}`
    return {
      json: { link: address, expires_at: expiresAt },
      text: `${address}\n\nWhoever opens it first becomes an administrator. It works once, until ${expiresAt.toISOString()}.`,
    }
  })

export const admin = (command: Command, context: Context, outcome: Outcome): void => {
  createGroup(command, context, outcome).command('link', 'a link that makes one administrator', link(context))
}
