# frozen_string_literal: true

# Finds and loads the user's handler, and describes errors as they go to the caller.

# An error that the platform and not the user's code names.
class Failure < StandardError
  attr_reader :error_type, :trace

  def initialize(error_type, message, trace = [])
    super(message)
    @error_type, @trace = error_type, trace
  end
end

module Handler
  MESSAGE_CHARS = 16 * 1024
  TRACE_LINES = 40
  TRACE_LINE_CHARS = 1000
  OWN_FILES = ["#{__dir__}/bootstrap", '<internal:'].freeze

  module_function

  # @param spec such as `index.handler`, `src/app.handler` or `app.Orders::Create.run`
  # @return a Proc that takes event and context
  def load(spec, root)
    match = %r{\A((?:[^/]+/)*[^/.]+)\.(?:([A-Z][\w:]*)\.)?(\w+[?!]?)\z}.match(spec)
    raise Failure.new('Runtime.MalformedHandlerName', "Bad handler '#{spec}': write file.method") if match.nil? || spec.include?('..')

    require_file(match[1], root)
    adapt(find_method(match[2], match[3], spec))
  end

  def require_file(name, root)
    path = File.join(root, "#{name}.rb")
    raise Failure.new('Runtime.ImportModuleError', "cannot load such file -- #{name}.rb") unless File.exist?(path)

    require path
  rescue LoadError => e
    raise Failure.new('Runtime.ImportModuleError', e.message, user_trace(e))
  rescue SyntaxError => e
    raise Failure.new('Runtime.UserCodeSyntaxError', "Syntax error: #{e.message}", e.message.lines(chomp: true).first(3))
  end

  def find_method(owner, name, spec)
    (owner ? Object.const_get(owner) : TOPLEVEL_BINDING.receiver).method(name)
  rescue NameError
    raise Failure.new('Runtime.HandlerNotFound', "there is no method for the handler #{spec}")
  end

  # Handlers take keywords, as on AWS Lambda, or as many positional arguments as they name.
  def adapt(method)
    kinds = method.parameters.map(&:first)
    return ->(event, context) { method.call(event: event, context: context) } if (kinds & %i[key keyreq keyrest]).any?

    count = method.arity.negative? ? 2 : method.arity
    ->(event, context) { method.call(*[event, context].first(count)) }
  end

  # Whatever was raised, as a small hash; also when reading it raises.
  def describe(error, request_id = '')
    type = error.is_a?(Failure) ? error.error_type : (error.class.name || 'Exception')
    trace = error.is_a?(Failure) ? error.trace : user_trace(error)
    { errorMessage: clean(error.message, MESSAGE_CHARS), errorType: clean(type, 200), requestId: request_id, stackTrace: trace }
  rescue Exception
    message = 'The raised exception cannot be described: reading it raises.'
    { errorMessage: message, errorType: 'Runtime.UnknownReason', requestId: request_id, stackTrace: [] }
  end

  def user_trace(error)
    lines = (error.backtrace || []).reject { |line| line.start_with?(*OWN_FILES) }
    lines.first(TRACE_LINES).map { |line| clean(line, TRACE_LINE_CHARS) }
  end

  def clean(text, chars) = text.to_s.dup.force_encoding(Encoding::UTF_8).scrub[0, chars]
end
