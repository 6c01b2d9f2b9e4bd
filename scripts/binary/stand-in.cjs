/** Stands in for a module until it is used; see lazy-requires.ts. */
module.exports = load =>
  new Proxy(function standIn() {}, {
    get: (_, name) => load()[name],
    apply: (_, self, args) => Reflect.apply(load(), self, args),
    construct: (_, args) => Reflect.construct(load(), args),
  })
