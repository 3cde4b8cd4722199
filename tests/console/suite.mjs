// One system and one browser for the tests of a file; what failed is shown with the programs' logs and a picture.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser } from './browser.mjs'
import { System } from './system.mjs'

/// \param options of System.start, and `prepare`, which gets the system before the first check
/// \return {system, browser, check(name, function)}; a check gets open(how), which returns a Console
export const suite = ({ prepare, ...options } = {}) => {
  const shared = {}
  before(async () => {
    shared.system = await System.start(options)
    await prepare?.(shared.system)
    shared.browser = await Browser.start()
  })
  after(async () => {
    await shared.browser?.stop()
    await shared.system?.stop()
  })
  shared.check = (name, body) => test(name, async () => {
    const opened = []
    const open = async (how) => {
      const view = await shared.browser.open(shared.system.operator, how)
      opened.push(view)
      return view
    }
    try {
      await body(open)
      for (const view of opened) assert.equal(await view.text('This part of the console has failed').count(), 0)
      for (const { faults } of opened) assert.deepEqual(faults, [])
    } catch (error) {
      for (const view of opened) await view.screenshot(`failed ${name}`.replace(/[^a-z0-9]+/gi, '-')).catch(() => {})
      console.error(shared.system.logs())
      throw error
    } finally {
      for (const view of opened) await view.close()
      await shared.system.order('__heal')
    }
  })
  return shared
}
