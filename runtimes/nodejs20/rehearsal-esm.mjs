// Loaded once at the start for the sake of the ES module loader, which is slow the first time.
export const handler = async (event) => event;
