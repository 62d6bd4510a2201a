import type { SeenClient, SeenEvent, SeenFamily, SeenSession, SeenUser } from '../../administration/stores.ts'
import { networkShown } from '../../network.ts'
import type { ClientShown } from '../../pages/admin/clients.tsx'
import type { EventShown } from '../../pages/admin/events.tsx'
import type { FamilyShown } from '../../pages/admin/families.tsx'
import type { PersonShown } from '../../pages/admin/people.tsx'
import type { SessionShown } from '../../pages/admin/sessions.tsx'
import { isRecord } from '../../record.ts'
import { deviceParts } from '../../user-agent.ts'

type Origin = { readonly ip?: string | undefined; readonly userAgent?: string | undefined }
const originShown = ({ ip, userAgent }: Origin) => ({
  device: deviceParts(userAgent),
  network: networkShown(ip),
})

export const sessionShown =
  (here: string) =>
  (session: SeenSession): SessionShown => ({
    id: session.id,
    userId: session.userId,
    username: session.username,
    isHere: session.id === here,
    began: session.createdAt,
    lastUsed: session.lastUsedAt,
    ...originShown(session),
  })

export const familyShown = (family: SeenFamily): FamilyShown => ({
  id: family.id,
  userId: family.userId,
  username: family.username,
  clientId: family.clientId,
  app: family.clientName ?? family.clientId,
  offline: family.offline,
  began: family.createdAt,
  lastUsed: family.lastUsedAt,
  ...originShown(family),
})

export const personShown = (user: SeenUser): PersonShown => ({
  id: user.id,
  username: user.username,
  name: user.name,
  email: user.email,
  admin: user.admin,
  disabled: user.disabledAt !== undefined,
  since: user.createdAt,
})

export const clientShown = ({ id, name, disabledAt, createdAt, registeredItself }: SeenClient): ClientShown => ({
  id,
  name,
  disabled: disabledAt !== undefined,
  registeredItself,
  since: createdAt,
})

const count = (value: unknown): number => (typeof value === 'number' ? value : 0)
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Everybody whom an event names. */
export const namedIn = ({ userId, detail }: SeenEvent): readonly string[] =>
  [userId, text(detail?.by)].flatMap((id) => (id === undefined ? [] : [id]))

/** Every app that an event names. */
export const appsIn = ({ clientId, detail }: SeenEvent): readonly string[] =>
  [clientId, text(detail?.byClient)].flatMap((id) => (id === undefined ? [] : [id]))

export const eventShown =
  (names: ReadonlyMap<string, string>, apps: ReadonlyMap<string, string>) =>
  (event: SeenEvent): EventShown => {
    const detail = isRecord(event.detail) ? event.detail : {}
    const target = text(detail.target)
    const by = text(detail.by)
    const byClient = text(detail.byClient)
    return {
      id: String(event.id),
      at: event.at,
      kind: event.kind,
      act: target === undefined ? undefined : { target, ended: endedIn(detail) },
      reason: text(detail.reason),
      person: event.userId === undefined ? undefined : { id: event.userId, username: names.get(event.userId) },
      by:
        by !== undefined
          ? { is: 'person', name: names.get(by) ?? by }
          : byClient !== undefined
            ? { is: 'app', name: apps.get(byClient) ?? byClient }
            : detail.through === 'command_line'
              ? { is: 'command_line' }
              : undefined,
      app: event.clientId === undefined ? undefined : (apps.get(event.clientId) ?? event.clientId),
      familyId: event.familyId,
      ...originShown(event),
    }
  }

/** @returns undefined where nobody counted, as when a login made room for another */
const endedIn = ({ sessions, families, codes }: Readonly<Record<string, unknown>>) =>
  sessions === undefined && families === undefined && codes === undefined
    ? undefined
    : { sessions: count(sessions), families: count(families), codes: count(codes) }
