'use strict';
// The calls of this container and the polls of the user's process, brought together in the order of their coming.

/** Answered calls that are remembered, to tell a second answer from a made-up id. */
const ANSWERED_MAX = 256;

/**
 * @param {(call: object, poll: object) => boolean} deliver gives a call to a poll; whether it can be given
 */
exports.createCalls = function createCalls(deliver) {
  const unanswered = new Map(); // by the id that the user's process knows
  const answered = new Set();
  let waiting = []; // calls that no poll has taken
  let polls = [];

  /** Two calls in flight may have the same request id, which callers choose: the later one is known by another. */
  function idFor({ requestId }) {
    for (let number = 2, id = requestId; ; id = `${requestId}-${number++}`) if (!unanswered.has(id)) return id;
  }

  function match() {
    while (waiting.length > 0 && polls.length > 0) {
      const poll = polls.shift();
      if (deliver(waiting[0], poll)) waiting.shift();
    }
  }

  return {
    add(call) {
      call.id = idFor(call.header);
      answered.delete(call.id);
      unanswered.set(call.id, call);
      waiting.push(call);
      match();
    },
    addPoll(poll) {
      polls.push(poll);
      match();
    },
    removePoll(poll) {
      polls = polls.filter((each) => each !== poll);
    },
    /** A poll took it and went away before it had all of it. */
    giveBack(call) {
      if (unanswered.get(call.id) !== call) return;
      waiting.unshift(call);
      match();
    },
    find: (id) => unanswered.get(id),
    wasAnswered: (id) => answered.has(id),
    settle(call) {
      unanswered.delete(call.id);
      answered.add(call.id);
      if (answered.size > ANSWERED_MAX) answered.delete(answered.values().next().value);
    },
    /** Takes out the calls that no poll has taken and that fit. */
    takeWaiting(fits) {
      const taken = waiting.filter(fits);
      waiting = waiting.filter((call) => !fits(call));
      for (const call of taken) unanswered.delete(call.id);
      return taken;
    },
    /** Those that the user's process has. */
    taken: () => [...unanswered.values()].filter((call) => !waiting.includes(call)),
    get unsettled() {
      return unanswered.size;
    },
  };
};
