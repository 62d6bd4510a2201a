/** What a browser said that it is; undefined where it said nothing. */
export type DeviceName = { readonly browser: string; readonly system: string | undefined } | undefined

/** @property device what a person would call it */
export type DeviceWords = {
  device(browser: string, system: string | undefined): string
  readonly unknownDevice: string
}

export const deviceWords = (name: DeviceName, words: DeviceWords): string =>
  name ? words.device(name.browser, name.system) : words.unknownDevice

export const Network = ({ network }: { readonly network: string }) => <code class="address">{network}</code>
