import type { Command } from 'commander'
import { later } from '../clock.ts'
import { administratorResource, administratorScope } from '../oauth/administrator-scope.ts'
import type { Client } from '../oauth/client.ts'
import { makeSecret, usesSecret } from '../oauth/client-secret.ts'
import { subjectSector } from '../oauth/subject.ts'
import { createGroup, type Outcome } from './answer.ts'
import { refuseUnsignable, unreachable } from './client-fit.ts'
import { declareMetadata, type MetadataOptions, metadataOf } from './client-metadata.ts'
import { presets } from './client-preset.ts'
import { clientJson, clientText, metadataIn } from './client-text.ts'
import { type Confirmation, declareConfirmation, rehearsed } from './confirmation.ts'
import { type Context, everything, type Opened, withStores } from './context.ts'
import { invite } from './invitation.ts'
import { isUuid } from './person.ts'
import { notFound, Refusal, wrongUsage } from './refusal.ts'
import { counted, countedAtMost, printable, table } from './table.ts'

export const findClient = async ({ clients }: Pick<Opened['stores'], 'clients'>, id: string): Promise<Client> => {
  const client = await clients.find(id)
  if (!client) throw notFound(`There is no client ${printable(id)}. \`tessera client list\` names them all.`)
  return client
}

const familiesOf = async (
  { families }: Pick<Opened['stores'], 'families'>,
  clientId: string,
  now: Date,
): Promise<number> => (await families.list({ clientId, limit: countedAtMost + 1 }, now)).length
const familiesText = (count: number): string => counted(count, 'token family', 'token families')

type CreateOptions = MetadataOptions & { readonly id?: string; readonly adminApi?: true }

/** O1: nothing else gives a client the scope of the administrators' API. */
const withAdminApi = (options: CreateOptions, context: Context): CreateOptions => {
  if (!options.adminApi) return options
  const resource = [administratorResource(context.config().issuer), ...(options.resource ?? [])]
  const scope = options.scope === undefined ? administratorScope : `${options.scope} ${administratorScope}`
  return { type: 'machine', ...options, scope, resource }
}

const create = (context: Context) => async (asked: CreateOptions) => {
  const options = withAdminApi(asked, context)
  if (options.name === undefined) throw wrongUsage('--name is needed: it is what people read on the consent page.')
  // RFC 6749 §A.1: visible ASCII.
  if (options.id !== undefined && !/^[\x21-\x7e]{1,128}$/.test(options.id))
    throw wrongUsage('--id takes 1 to 128 visible ASCII characters.')
  // RFC 9068 §5: a client's `sub` must never be taken for a person's, which is a UUID.
  if (options.id !== undefined && isUuid(options.id))
    throw wrongUsage('--id must not be a UUID: that is what a person looks like in a token. Take a name.')
  const metadata = await metadataOf(options, {})
  const id = options.id ?? context.random.bytes(10).toString('hex')
  return withStores(context, async ({ clients }, config) => {
    refuseUnsignable(metadata, undefined, config)
    if (await clients.find(id)) throw new Refusal('A client of that id exists already.')
    const secret = usesSecret(metadata) ? makeSecret(context.random, context.clock.now()) : undefined
    const client = await clients.create(id, metadata, secret ? [secret.stored] : [], context.clock.now())
    return {
      // RFC 7591 §3.2.1: `client_secret_expires_at` is required beside a secret, 0 when it does not expire.
      json: { ...clientJson(client), ...(secret && { client_secret: secret.text, client_secret_expires_at: 0 }) },
      text: `Created.\n\n${clientText(client)}${secret ? secretText(secret.text) : ''}`,
      warning: unreachable(metadata, config),
    }
  })
}

const secretText = (secret: string): string => `\n\nclient_secret  ${secret}\n\nKeep it now: it is not shown again.`

const list = (context: Context) => () =>
  withStores(context, async ({ clients }) => {
    const all = await everything(clients.list, ({ client_id }) => client_id)
    return {
      json: { clients: all.map(clientJson) },
      text: table(
        ['CLIENT_ID', 'NAME', 'AUTHENTICATION', 'GRANTS', 'STATE', 'REGISTERED BY', 'CREATED'],
        all.map((client) => [
          client.client_id,
          client.client_name,
          client.token_endpoint_auth_method,
          client.grant_types.join(' '),
          client.disabledAt ? 'disabled' : 'enabled',
          client.registration ? 'itself' : 'operator',
          client.createdAt,
        ]),
        'No clients yet. `tessera client create --name NAME --type web --redirect-uri URI` makes one.',
      ),
    }
  })

const show = (context: Context) => (_: object, id: string) =>
  withStores(context, async (stores) => {
    const client = await findClient(stores, id)
    return { json: clientJson(client), text: clientText(client) }
  })

const update = (context: Context) => (options: MetadataOptions & Confirmation, id: string) =>
  withStores(context, async (stores, config) => {
    const client = await findClient(stores, id)
    const metadata = await metadataOf(options, metadataIn(client))
    refuseUnsignable(metadata, client, config)
    const now = context.clock.now()
    const changed = { ...client, ...metadata }
    const standing = subjectSector(changed) === subjectSector(client) ? 0 : await familiesOf(stores, id, now)
    const instead = await beforeUpdate(context, client, standing, options)
    if (instead !== undefined)
      return { json: { client_id: id, preview: true, ended: { families: standing } }, text: instead }
    const { ended } = await stores.clients.update(id, metadata, now)
    const families = ended ? standing : 0
    const needs = usesSecret(metadata) && client.secrets.length === 0
    const noSecret = needs ? `It has no secret yet: \`tessera client secret ${printable(id)}\` makes one.` : undefined
    const subjects = ended ? ` It knows people by another \`sub\` now. Ended: ${familiesText(families)}.` : ''
    return {
      json: { ...clientJson(changed), ended: { families } },
      text: `Updated.${subjects}\n\n${clientText(changed)}`,
      warning: [noSecret, unreachable(metadata, config)].filter((each) => each !== undefined).join('\n') || undefined,
    }
  })

/** A change asks only where it ends something: by another `sub`, nobody who is logged in can stay. */
const beforeUpdate = async (context: Context, client: Client, standing: number, options: Confirmation) => {
  if (standing === 0) return options.dryRun ? 'This would end nothing. Nothing was changed.' : undefined
  const what = `${familiesText(standing)} of ${printable(client.client_name)}, which would know people by another \`sub\` then`
  return rehearsed(context, 'end', what, options)
}

const day = 86_400

const secret = (context: Context) => (options: { readonly expireOld?: string }, id: string) => {
  const seconds = options.expireOld === undefined ? day : Number(options.expireOld)
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 365 * day)
    throw wrongUsage('--expire-old takes seconds, 0 to end the old secret at once, at most a year.')
  return withStores(context, async (stores) => {
    const client = await findClient(stores, id)
    if (!usesSecret(client))
      throw new Refusal(`The client authenticates by ${client.token_endpoint_auth_method}, which uses no secret.`)
    const now = context.clock.now()
    const made = makeSecret(context.random, now)
    const end = later(now, seconds)
    const old = client.secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > end)
    await stores.clients.addSecret(id, made.stored)
    for (const each of old) await stores.clients.expireSecret(id, each.id, end)
    const ends = old.length > 0 ? ` The old one ${seconds === 0 ? 'has ended' : `ends ${end.toISOString()}`}.` : ''
    return {
      json: {
        client_id: id,
        client_secret: made.text,
        client_secret_expires_at: 0,
        old_secrets: old.map((each) => ({ id: each.id, expires_at: end })),
      },
      text: `A new secret.${ends}${secretText(made.text)}`,
    }
  })
}

const disable = (context: Context) => (options: Confirmation, id: string) =>
  withStores(context, async (stores) => {
    const client = await findClient(stores, id)
    const now = context.clock.now()
    const families = await familiesOf(stores, id, now)
    if (client.disabledAt) throw new Refusal('The client is disabled already.')
    const what = `${printable(client.client_name)} with everything it was given: ${familiesText(families)}`
    const instead = await rehearsed(context, 'disable', what, options)
    if (instead !== undefined) return { json: { client_id: id, preview: true, ended: { families } }, text: instead }
    if (!(await stores.clients.disable(id, now))) throw new Refusal('The client is disabled already.')
    return {
      json: { client_id: id, disabled_at: now, ended: { families } },
      text: `The client is disabled. Ended: ${familiesText(families)}.`,
    }
  })

const enable = (context: Context) => (_: object, id: string) =>
  withStores(context, async (stores) => {
    await findClient(stores, id)
    if (!(await stores.clients.enable(id, context.clock.now()))) throw new Refusal('The client is not disabled.')
    return {
      json: { client_id: id, disabled_at: null },
      text: 'The client may be used again. What was ended stays ended.',
    }
  })

const remove = (context: Context) => (options: Confirmation, id: string) =>
  withStores(context, async (stores) => {
    const client = await findClient(stores, id)
    const now = context.clock.now()
    const families = await familiesOf(stores, id, now)
    const what = `${printable(client.client_name)} with its secrets, the consents given to it and ${familiesText(families)}`
    const instead = await rehearsed(context, 'delete', what, options)
    if (instead !== undefined) return { json: { client_id: id, preview: true, ended: { families } }, text: instead }
    await stores.clients.delete(id, now)
    return { json: { client_id: id, deleted: true, ended: { families } }, text: `Deleted ${what}.` }
  })

export const client = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  const kinds = Object.entries(presets).map(([name, { is }]) => `${name}: ${is}`)
  group.command('create', 'register a client; its secret is shown once', create(context), (leaf) =>
    declareMetadata(leaf)
      .option('--type <type>', `what it is; ${kinds.join('; ')}`)
      .option('--id <id>', 'its client_id, instead of a random one')
      .option('--admin-api', 'it may do over the API what administrators may'),
  )
  group.command('invite', 'make a token with which apps register themselves', invite(context), (leaf) =>
    leaf
      .option('--uses <number>', 'how many apps; one when absent')
      .option('--expires-in <seconds>', 'how long; a day when absent'),
  )
  group.command('list', 'every client', list(context))
  group.command('show <id>', 'one client', show(context))
  group.command('update <id>', 'change what is given; everything else stays', update(context), (leaf) =>
    declareConfirmation(declareMetadata(leaf)),
  )
  group.command('secret <id>', 'make a second secret; the old one ends a while later', secret(context), (leaf) =>
    leaf.option('--expire-old <seconds>', 'when the old one ends; a day when absent, 0 at once'),
  )
  group.command(
    'disable <id>',
    'end everything of a client and honour it no longer',
    disable(context),
    declareConfirmation,
  )
  group.command('enable <id>', 'honour a disabled client again', enable(context))
  group.command('delete <id>', 'forget a client', remove(context), declareConfirmation)
}
