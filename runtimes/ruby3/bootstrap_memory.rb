# frozen_string_literal: true

# Notices that the kernel ended a process which a handler had started, for want of memory: the handler sees no more than a dead child.
module Memory
  FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'].freeze # of control groups version 2 and 1

  # Processes of this container that were ended so far; 0 where nobody counts them.
  def self.count_kills
    file = FILES.find { |path| File.readable?(path) }
    file ? File.read(file)[/^oom_kill (\d+)$/, 1].to_i : 0
  end

  @known = count_kills

  # Whether there were any since this was asked last. Looks only where there may have been: a call failed, or has had children.
  def self.new_kills?(is_failure)
    return false unless is_failure || Process.times.then { |times| (times.cutime + times.cstime).positive? }

    before = @known
    @known = count_kills
    @known > before
  end
end
