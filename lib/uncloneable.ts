/**
 * A base class whose instances no structured clone accepts, however deep in an object and on every Node: posting one
 * throws `DataCloneError` where it would otherwise arrive as an empty object. V8 refuses weak references, so that is
 * what an instance is underneath; nothing else of one is inherited, and nothing is seen from outside.
 */
export class Uncloneable {
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: an object of another kind is the point.
    return Reflect.construct(WeakRef, [Uncloneable], new.target) as unknown as this
  }
}
