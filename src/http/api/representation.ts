import Type, { type Static } from 'typebox'
import type { SeenClient, SeenEvent, SeenFamily, SeenSession, SeenUser } from '../../administration/stores.ts'
import { numericDate } from '../../clock.ts'
import type { Family } from '../../oauth/stores.ts'
import type { LedgerEntry } from '../../oauth/tokens/history.ts'
import { deviceOf } from '../../user-agent.ts'

/** OIDC Core, RFC 7519, RFC 7591 and RFC 7662 for the names that they have. NumericDates are theirs, ours are ISO 8601. */
const strict = { additionalProperties: false }
export const instant = () => Type.String({ format: 'date-time' })
export const orNull = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()])
export const textOrNull = () => orNull(Type.String())
const origin = { ip: textOrNull(), user_agent: textOrNull(), device: textOrNull() }

export const SessionShape = Type.Object(
  {
    sid: Type.String(),
    sub: Type.String(),
    username: Type.String(),
    auth_time: Type.Integer(),
    acr: Type.String(),
    amr: Type.Array(Type.String()),
    created_at: instant(),
    last_used_at: instant(),
    idle_expires_at: instant(),
    absolute_expires_at: instant(),
    ...origin,
  },
  strict,
)
export const FamilyShape = Type.Object(
  {
    family_id: Type.String(),
    client_id: Type.String(),
    client_name: textOrNull(),
    sub: Type.String(),
    username: textOrNull(),
    sid: Type.String(),
    scope: Type.String(),
    resources: Type.Array(Type.String()),
    offline_access: Type.Boolean(),
    generation: Type.Integer(),
    retries: Type.Integer(),
    auth_time: Type.Integer(),
    created_at: instant(),
    last_used_at: instant(),
    idle_expires_at: instant(),
    absolute_expires_at: instant(),
    revoked_at: orNull(instant()),
    revoke_reason: textOrNull(),
    ...origin,
  },
  strict,
)
export const PairShape = Type.Object(
  {
    generation: Type.Integer(),
    jti: Type.String(),
    iat: Type.Integer(),
    exp: Type.Integer(),
    verdict: Type.String(),
    retries: Type.Integer(),
    ...origin,
  },
  strict,
)
export const EventShape = Type.Object(
  {
    id: Type.String(),
    at: instant(),
    kind: Type.String(),
    sub: textOrNull(),
    client_id: textOrNull(),
    sid: textOrNull(),
    family_id: textOrNull(),
    ...origin,
    detail: Type.Record(Type.String(), Type.Unknown()),
  },
  strict,
)
export const UserShape = Type.Object(
  {
    sub: Type.String(),
    username: Type.String(),
    name: textOrNull(),
    email: textOrNull(),
    admin: Type.Boolean(),
    created_at: instant(),
    disabled_at: orNull(instant()),
  },
  strict,
)
export const ClientShape = Type.Object(
  {
    client_id: Type.String(),
    client_name: Type.String(),
    token_endpoint_auth_method: Type.String(),
    grant_types: Type.Array(Type.String()),
    scope: Type.String(),
    resources: Type.Array(Type.String()),
    registered_itself: Type.Boolean(),
    created_at: instant(),
    disabled_at: orNull(instant()),
  },
  strict,
)

type Origin = { readonly ip?: string | undefined; readonly userAgent?: string | undefined }
const originJson = ({ ip, userAgent }: Origin) => ({
  ip: ip ?? null,
  user_agent: userAgent ?? null,
  device: deviceOf(userAgent) ?? null,
})
export const iso = (at: Date | undefined): string | null => at?.toISOString() ?? null

const times = (of: Pick<SeenSession, 'createdAt' | 'lastUsedAt' | 'idleExpiresAt' | 'absoluteExpiresAt'>) => ({
  created_at: of.createdAt.toISOString(),
  last_used_at: of.lastUsedAt.toISOString(),
  idle_expires_at: of.idleExpiresAt.toISOString(),
  absolute_expires_at: of.absoluteExpiresAt.toISOString(),
})

export const sessionJson = (session: SeenSession): Static<typeof SessionShape> => ({
  sid: session.id,
  sub: session.userId,
  username: session.username,
  auth_time: numericDate(session.authenticatedAt),
  acr: session.acr,
  amr: [...session.amr],
  ...times(session),
  ...originJson(session),
})

export const familyJson = (
  family: Family & Partial<Pick<SeenFamily, 'username' | 'clientName'>>,
): Static<typeof FamilyShape> => ({
  family_id: family.id,
  client_id: family.clientId,
  client_name: family.clientName ?? null,
  sub: family.userId,
  username: family.username ?? null,
  sid: family.sessionId,
  scope: family.scope.join(' '),
  resources: [...family.resources],
  offline_access: family.offline,
  generation: family.live.generation,
  retries: family.retries,
  auth_time: numericDate(family.authTime),
  ...times(family),
  revoked_at: iso(family.revokedAt),
  revoke_reason: family.revokeReason ?? null,
  ...originJson(family),
})

export const pairJson = (pair: LedgerEntry): Static<typeof PairShape> => ({
  generation: pair.generation,
  jti: pair.jti,
  iat: numericDate(pair.issuedAt),
  exp: numericDate(pair.expiresAt),
  verdict: pair.verdict,
  retries: pair.retries,
  ...originJson(pair),
})

export const eventJson = (event: SeenEvent): Static<typeof EventShape> => ({
  id: String(event.id),
  at: event.at.toISOString(),
  kind: event.kind,
  sub: event.userId ?? null,
  client_id: event.clientId ?? null,
  sid: event.sessionId ?? null,
  family_id: event.familyId ?? null,
  ...originJson(event),
  detail: { ...event.detail },
})

export const userJson = (user: SeenUser): Static<typeof UserShape> => ({
  sub: user.id,
  username: user.username,
  name: user.name ?? null,
  email: user.email ?? null,
  admin: user.admin,
  created_at: user.createdAt.toISOString(),
  disabled_at: iso(user.disabledAt),
})

export const clientJson = (client: SeenClient): Static<typeof ClientShape> => ({
  client_id: client.id,
  client_name: client.name,
  token_endpoint_auth_method: client.authentication,
  grant_types: [...client.grantTypes],
  scope: client.scope,
  resources: [...client.resources],
  registered_itself: client.registeredItself,
  created_at: client.createdAt.toISOString(),
  disabled_at: iso(client.disabledAt),
})
