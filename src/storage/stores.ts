import type { AdministrationStore, EventLog } from '../administration/stores.ts'
import type { LoginEndStore, NoticeStore } from '../identity/account.ts'
import type { EndingStore } from '../identity/ending.ts'
import type { AdminLinkStore, LoginStore, SessionStore, UserStore } from '../identity/stores.ts'
import type { RefreshKeyStore, SigningKeyStore } from '../keys/stores.ts'
import type { InteractionStore, PushedRequestStore } from '../oauth/authorization/stores.ts'
import type { DeviceCodeStore } from '../oauth/device/stores.ts'
import type { DeliveryStore, ParticipantStore } from '../oauth/logout/stores.ts'
import type { RegistrationStore } from '../oauth/registration/stores.ts'
import type { RevocationStore } from '../oauth/revocations/stores.ts'
import type { CodeStore, ReplayStore, TokenStore } from '../oauth/stores.ts'
import { createAdminLinks } from './admin-links.ts'
import { createAdministrationLists } from './administration.ts'
import { type Changes, createChanges } from './changes.ts'
import { createClientCache } from './client-cache.ts'
import { type Clients, createClients } from './clients.ts'
import { createCodes } from './codes.ts'
import { type ConsentStore, createConsents } from './consents.ts'
import type { Database } from './database.ts'
import { createDeviceCodes } from './device-codes.ts'
import { createEndings } from './endings.ts'
import { createEvents } from './events.ts'
import { createFamilies, type Families } from './families.ts'
import { createInteractions } from './interactions.ts'
import { createLoginEnds } from './login-ends.ts'
import { createLogins } from './logins.ts'
import { createLogoutDeliveries } from './logout-deliveries.ts'
import { createMaintenance, type MaintenanceStore } from './maintenance.ts'
import { createNotices } from './notices.ts'
import { createPushedRequests } from './pushed-requests.ts'
import { createRefreshKeys } from './refresh-keys.ts'
import { createRegistrations } from './registrations.ts'
import { createReplays } from './replays.ts'
import { createRevocations } from './revocations.ts'
import { createSessions } from './sessions.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createTokens } from './tokens.ts'
import { createUsers } from './users.ts'

export type Stores = {
  readonly clients: Clients
  readonly registrations: RegistrationStore
  readonly families: Families
  readonly codes: CodeStore
  readonly interactions: InteractionStore
  readonly deviceCodes: DeviceCodeStore
  readonly pushedRequests: PushedRequestStore
  readonly sessions: SessionStore
  readonly users: UserStore
  readonly logins: LoginStore
  readonly tokens: TokenStore
  readonly replays: ReplayStore
  readonly consents: ConsentStore
  readonly signingKeys: SigningKeyStore
  /** Of the feed. */
  readonly revocationKeys: SigningKeyStore
  readonly refreshKeys: RefreshKeyStore
  readonly adminLinks: AdminLinkStore
  readonly events: EventLog
  readonly administration: AdministrationStore
  readonly endings: EndingStore
  readonly notices: NoticeStore
  readonly loginEnds: LoginEndStore
  readonly logouts: DeliveryStore & ParticipantStore
  readonly revocations: RevocationStore
  readonly maintenance: MaintenanceStore
  /** What other servers change. To be started, and closed before the database; until it is up, no memory is trusted. */
  readonly changes: Changes
}

export const createStores = (
  database: Database,
  { log }: { readonly log: { warn(fields: object, message: string): void } },
): Stores => {
  const changes = createChanges(database, log)
  const clientCache = createClientCache(database, changes)
  const clients = createClients(database, clientCache)
  return {
    clients,
    registrations: createRegistrations(database, clientCache),
    families: createFamilies(database),
    codes: createCodes(database),
    interactions: createInteractions(database),
    deviceCodes: createDeviceCodes(database),
    pushedRequests: createPushedRequests(database),
    sessions: createSessions(database),
    users: createUsers(database),
    logins: createLogins(database),
    tokens: createTokens(database),
    replays: createReplays(database),
    consents: createConsents(database),
    signingKeys: createSigningKeys(database, 'tokens'),
    revocationKeys: createSigningKeys(database, 'revocations'),
    refreshKeys: createRefreshKeys(database),
    adminLinks: createAdminLinks(database),
    events: createEvents(database),
    administration: createAdministrationLists(database),
    endings: createEndings(database),
    notices: createNotices(database),
    loginEnds: createLoginEnds(database),
    logouts: createLogoutDeliveries(database),
    revocations: createRevocations(database),
    maintenance: createMaintenance(database, log),
    changes,
  }
}
