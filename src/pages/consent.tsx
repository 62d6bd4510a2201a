import { AppLinks, type AppLinksShown } from './app-links.tsx'
import { framed } from './document.tsx'
import { Hidden, shownTo } from './form.tsx'
import { type Presentation, texts, wordsFor } from './language.ts'
import { destination } from './link.ts'
import { type DeviceTexts, deviceTexts } from './texts/device.ts'
import type { Texts } from './texts/en.ts'
import { Unverified } from './unverified.tsx'
import { AskingDevice, type AskingDeviceShown } from './user-code.tsx'

/** @property added not part of what the person allowed before; always false where nothing was allowed before */
export type Asked = { readonly name: string; readonly added: boolean }

/** Where the answer goes. */
export type Next = { readonly is: 'redirect'; readonly uri: string } | ({ readonly is: 'device' } & AskingDeviceShown)

export type Consent = {
  readonly client: AppLinksShown & {
    readonly name: string
    readonly logo?: string | undefined
    /** It registered itself, and nobody here vouches for it. */
    readonly unverified?: boolean | undefined
  }
  readonly person: { readonly username: string; readonly userId?: string | undefined }
  readonly scope: readonly Asked[]
  readonly resources: readonly Asked[]
  readonly next: Next
  readonly interaction: string
  readonly csrf: string
  readonly action?: string | undefined
}

const Scope = ({ name, added, t }: Asked & { readonly t: Texts }) => {
  const words = wordsFor(t.consent.scopes, name)
  return (
    <li>
      {words ?? <code>{name}</code>}
      {added && ' '}
      {added && <span class="new">{t.consent.added}</span>}
      {words === undefined && <small>{t.consent.otherScope}</small>}
    </li>
  )
}

const nextWords = (next: Next, t: Texts, ofDevice: DeviceTexts): string => {
  if (next.is === 'device') return ofDevice.next
  const to = destination(next.uri)
  if (to.is === 'app') return t.consent.native(to.scheme)
  return to.is === 'device' ? t.consent.device(to.host) : t.consent.site(to.host)
}

/** Who asks, for what, and what happens next. Sends `decision` = `allow` or `deny`. */
export const consentPage = (data: Consent, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const ofDevice = deviceTexts[presentation.language]
  const { client, scope, resources } = data
  return framed(
    {
      title: t.consent.title(client.name),
      app: client.name,
      logo: client.logo,
      children: (
        <>
          <div class="stack">
            <h1>{t.consent.title(client.name)}</h1>
            <p class="muted tight">
              {t.consent.as} <strong>{data.person.username}</strong>
            </p>
          </div>
          {client.unverified && (
            <Unverified
              id="consent-unverified"
              words={t.consent.unverified(client.name)}
              answeredAt={t.consent.answeredAt}
              redirectUri={data.next.is === 'redirect' ? data.next.uri : undefined}
            />
          )}
          <section>
            <h2>{t.consent.wants(client.name)}</h2>
            <ul class="list">
              {scope.map((asked) => (
                <Scope key={asked.name} {...asked} t={t} />
              ))}
            </ul>
          </section>
          {resources.length > 0 && (
            <section>
              <h2>{t.consent.resources}</h2>
              <ul class="list">
                {resources.map(({ name, added }) => (
                  <li key={name}>
                    <code>{name}</code>
                    {added && ' '}
                    {added && <span class="new">{t.consent.added}</span>}
                  </li>
                ))}
              </ul>
            </section>
          )}
          {data.next.is === 'device' && <AskingDevice {...data.next} t={ofDevice} />}
          <p>{nextWords(data.next, t, ofDevice)}</p>
          <form id="consent-form" method="post" action={data.action ?? '/consent'}>
            <Hidden fields={[['interaction', data.interaction], ['csrf', data.csrf], ...shownTo(data.person)]} />
            <div class="buttons">
              <button id="consent-allow" class="primary" type="submit" name="decision" value="allow">
                {t.consent.allow}
              </button>
              <button id="consent-deny" type="submit" name="decision" value="deny">
                {t.consent.deny}
              </button>
            </div>
          </form>
          <AppLinks {...client} t={t} />
        </>
      ),
    },
    presentation,
  )
}
