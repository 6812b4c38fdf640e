import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { hasCommand, ROOT, skipUnless } from '../../support/requirements.ts'

const EXECUTABLE = process.env.MILLRACE_CHROMIUM ?? '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]
const ARTIFACTS = join(ROOT, 'artifacts')

export const DESKTOP = { viewport: { width: 1280, height: 860 } } as const satisfies BrowserContextOptions
export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
} as const satisfies BrowserContextOptions

/** For a test's `skip` option. */
export const skipWithoutChromium = (): string | false =>
  skipUnless(hasCommand(EXECUTABLE), `chromium (${EXECUTABLE}; MILLRACE_CHROMIUM names another)`)

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGS })
}

/** A page in a context of its own that remembers everything that went wrong in it. */
export class WatchedPage implements AsyncDisposable {
  readonly page: Page
  readonly faults: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.faults.push(`page error: ${error.stack ?? error.message}`))
    page.on('console', (message) => {
      const { url } = message.location()
      // A server without the codec module answers 503 to pictures, and the browser reports that by itself.
      if (message.type() === 'error' && !url.includes('/snapshot.')) this.faults.push(`${message.text()} ${url}`)
    })
  }

  static async open(browser: Browser, options: BrowserContextOptions = DESKTOP): Promise<WatchedPage> {
    const context = await browser.newContext({ locale: 'en-GB', ...options })
    return new WatchedPage(await context.newPage())
  }

  /** Resolves when `expression`, evaluated in the page, is true. */
  async until(expression: string, timeoutMs = 30_000): Promise<void> {
    try {
      await this.page.waitForFunction(expression, undefined, { polling: 100, timeout: timeoutMs })
    } catch (error) {
      const state = JSON.stringify(await this.page.evaluate('window.__millrace ?? null'))
      throw new Error(`waited too long for ${expression}; the player says ${state}; ${this.faults.join('; ')}`, {
        cause: error,
      })
    }
  }

  /** Into artifacts/, for people to look at. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(ARTIFACTS, { recursive: true })
    await this.page.screenshot({ path: join(ARTIFACTS, `${name}.png`), animations: 'disabled' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}
