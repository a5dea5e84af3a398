"""Where a behaviour does not hold, and why. ``docs/reference/combinations.md`` says the same to users."""

from behaviour.clients import Combination

CARRIED_OUT = "a stock server passes an `async def` method's coroutine on instead of awaiting it"
ONE_THREAD = "one thread serves all, so that calls which block it cannot wait for each other"
NOT_HEARD = "the one thread is in the method and does not hear of it; a deadline, which it knows, is kept"
ONLY_OURS = "an extra that two of our own peers agree on; stock servers do not know it"
PLAIN_JSON = "JSON has no bytes; our own peers send them beside the JSON"
ENDS_THE_THREAD = "a stock server ends the thread, and with it the connection"

EXCEPTIONS: dict[tuple[str, ...], str] = {
    ("a_megabyte_of_bytes", "stock", "json"): PLAIN_JSON,
    ("system_exit_in_a_method_is_an_answer", "stock"): ENDS_THE_THREAD,
    ("a_result_that_cannot_travel_is_an_error", "stock"): "a stock server closes the connection",
    ("async_methods_are_called_like_any", "stock"): CARRIED_OUT,
    ("a_batch_ends_with_its_first_failure", "stock", "marshal"): "stock marshal cannot send the failure",
    ("async_methods_in_a_batch", "stock"): CARRIED_OUT,
    ("an_async_generator_is_a_stream", "stock"): CARRIED_OUT,
    ("closing_an_async_generator_early_runs_its_finally", "stock"): CARRIED_OUT,
    ("giving_up_a_call_ends_an_async_method", "stock"): CARRIED_OUT,
    ("several_calls_that_wait_for_each_other", "multiplex"): ONE_THREAD,
    ("nobody_waits_for_a_oneway_call", "multiplex"): ONE_THREAD,
    ("giving_up_a_call_ends_an_async_method", "multiplex", "async"): NOT_HEARD,
    ("giving_up_a_call_ends_a_method_that_looks_now_and_then", "multiplex", "async"): NOT_HEARD,
    ("several_calls_that_wait_for_each_other", "stock"): ONLY_OURS,
    ("giving_up_a_call_ends_a_method_that_looks_now_and_then", "stock"): ONLY_OURS,
    ("a_generator_in_a_batch_is_a_stream", "stock"): ONLY_OURS,
    ("a_generator_as_an_argument", "stock"): ONLY_OURS,
    ("the_server_ends_a_generator_that_is_an_argument", "stock"): ONLY_OURS,
    ("a_generator_there_and_back", "stock"): ONLY_OURS,
    ("an_error_in_a_generator_that_is_an_argument", "stock"): ONLY_OURS,
    ("the_server_calls_a_function_of_the_client", "stock"): ONLY_OURS,
    ("the_server_calls_an_object_of_the_client", "stock"): ONLY_OURS,
    ("a_callback_calls_the_same_proxy", "stock"): ONLY_OURS,
    ("callbacks_in_callbacks", "stock"): ONLY_OURS,
    ("an_error_in_a_callback_reaches_the_server_and_comes_back", "stock"): ONLY_OURS,
    ("a_registered_object_becomes_a_proxy", "stock", "marshal"): "stock marshal sends no references",
    ("a_method_knows_the_deadline_of_its_caller", "stock"): ONLY_OURS,
    ("calls_that_a_method_makes_inherit_its_deadline", "stock"): ONLY_OURS,
}
"""(behaviour, words of the combination ...) -> reason; "stock" stands for both stock servers."""


def reason_against(behaviour: str, combination: Combination) -> str | None:
    """Why a behaviour does not hold with a combination; None if it does."""
    words = {*combination, combination.client.removesuffix("_long")}
    if combination.is_stock:
        words.add("stock")
    for (name, *where), reason in EXCEPTIONS.items():
        if name == behaviour and words.issuperset(where):
            return reason
    return None
