import { type DeviceName, deviceWords, Network } from './device.tsx'
import { framed } from './document.tsx'
import { Alert, Field, Hidden, Instant } from './form.tsx'
import { type Presentation, texts } from './language.ts'
import { type DeviceTexts, deviceTexts } from './texts/device.ts'

export type UserCodeFailure = { readonly is: 'unknown' } | { readonly is: 'wait'; readonly seconds: number }

export type UserCode = {
  /** What came with the address, or was typed before. */
  readonly code?: string | undefined
  readonly failure?: UserCodeFailure | undefined
  readonly csrf: string
  readonly action?: string | undefined
}

const Warning = ({ t, class: look = 'notice' }: { readonly t: DeviceTexts; readonly class?: string }) => (
  <p id="device-warning" class={look}>
    {t.warning}
  </p>
)

/** RFC 8628 §3.3. Sends `user_code`. */
export const userCodePage = (data: UserCode, presentation: Presentation): string => {
  const t = deviceTexts[presentation.language]
  const { code, failure } = data
  // Who typed it looks at the device anyway; a code in the address may be anybody's.
  const isGiven = code !== undefined && !failure
  const wrong = failure?.is === 'unknown' ? 'device-error' : undefined
  return framed(
    {
      title: t.title,
      children: (
        <>
          <div class="stack">
            <h1>{t.title}</h1>
            <p class="muted tight">{isGiven ? t.compare : t.enter}</p>
          </div>
          <form id="device-form" method="post" action={data.action ?? '/device'}>
            <Hidden fields={[['csrf', data.csrf]]} />
            {failure && (
              <Alert id="device-error">
                {failure.is === 'unknown' ? t.unknown : texts[presentation.language].login.wait(failure.seconds)}
              </Alert>
            )}
            <Field
              name="user_code"
              label={t.code}
              wrong={wrong}
              value={code}
              class="code"
              required
              autocomplete="off"
              autocapitalize="characters"
              spellcheck={false}
            />
            <Warning t={t} class={isGiven ? 'notice' : 'muted'} />
            <div class="buttons">
              <button id="device-submit" class="primary" type="submit">
                {t.submit}
              </button>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}

export type AskingDeviceShown = {
  readonly userCode: string
  readonly name: DeviceName
  readonly network: string | undefined
  readonly at: Date
}

/** RFC 8628 §5.4: what tells the person whether it is their device that asks. */
export const AskingDevice = ({ userCode, name, network, at, t }: AskingDeviceShown & { readonly t: DeviceTexts }) => (
  <section id="asking-device">
    <h2>{t.asks}</h2>
    <dl>
      <dt>{t.code}</dt>
      <dd>
        <code>{userCode}</code>
      </dd>
      <dt>{t.name}</dt>
      <dd>{deviceWords(name, t)}</dd>
      <dt>{t.network}</dt>
      <dd>{network === undefined ? '–' : <Network network={network} />}</dd>
      <dt>{t.at}</dt>
      <dd>
        <Instant at={at} />
      </dd>
    </dl>
    <Warning t={t} />
  </section>
)

export type DeviceDone = {
  readonly app: string
  readonly logo?: string | undefined
  readonly allowed: boolean
}

export const deviceDonePage = ({ app, logo, allowed }: DeviceDone, presentation: Presentation): string => {
  const t = deviceTexts[presentation.language]
  const title = allowed ? t.allowedTitle : t.deniedTitle
  return framed(
    {
      title,
      app,
      logo,
      children: (
        <div id={allowed ? 'device-allowed' : 'device-denied'} class="stack">
          <h1>{title}</h1>
          <p>{allowed ? t.allowed(app) : t.denied}</p>
        </div>
      ),
    },
    presentation,
  )
}
