// Where ems is built, and where its peer looks for it.
import { fileURLToPath } from 'node:url'

const ROOM = new URL('../../target/bench/ems/', import.meta.url)
export const EMS_ROOM: string = fileURLToPath(ROOM)
export const EMS: string = fileURLToPath(new URL('node_modules/ems/nodejs/ems.js', ROOM))
/** Where its JavaScript looks for the addon. */
export const EMS_ADDON: string = fileURLToPath(new URL('node_modules/ems/build/Release/ems.node', ROOM))
