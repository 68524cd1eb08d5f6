// Imports the package where it cannot be loaded, and prints the error: `CODE | NAME | message`.
try {
  await import('threadmap')
  console.log('loaded')
} catch (error) {
  console.log(`${error.code} | ${error.name} | ${error.message}`)
}
