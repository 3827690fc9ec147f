"""The rate limits in words (see forum.ratelimit and forum.rates)."""

# For each action its limits by standing, and by address for all members behind one address. A visitor is limited by
# address only. `LIMITS=0` turns the limits off, for benchmarks and load tests.
OURS = {
    "comment": {
        "visitor": "2 per minute, 20 per day",
        "first day": "1 per 30 seconds, 10 per day",
        "new": "1 per 30 seconds, 50 per day",
        "member": "6 per minute, 60 per hour, 200 per day",
        "trusted": "15 per minute, 400 per day",
        "staff": "30 per minute",
        "address": "30 per minute, 600 per day",
    },
    "thread": {
        "first day": "1 per day",
        "new": "2 per day",
        "member": "5 per day",
        "trusted": "15 per day",
        "staff": "60 per day",
        "address": "60 per day",
    },
    "edit": {
        "first day": "6 per minute, 60 per day",
        "new": "6 per minute, 100 per day",
        "member": "10 per minute, 300 per day",
        "trusted": "20 per minute, 600 per day",
        "staff": "60 per minute",
        "address": "60 per minute",
    },
    "flag": {
        "visitor": "5 per hour, 10 per day",
        "first day": "5 per hour, 10 per day",
        "new": "10 per hour, 20 per day",
        "member": "20 per hour, 60 per day",
        "trusted": "60 per hour",
        "staff": "60 per hour",
        "address": "60 per hour",
    },
    "helpful": {
        "visitor": "10 per minute, 100 per day",
        "first day": "10 per minute, 60 per day",
        "new": "20 per minute, 200 per day",
        "member": "30 per minute, 500 per day",
        "trusted": "60 per minute",
        "staff": "60 per minute",
        "address": "120 per minute",
    },
    "appeal": {
        "visitor": "10 per day",
        "first day": "10 per day",
        "new": "10 per day",
        "member": "10 per day",
        "trusted": "10 per day",
        "staff": "10 per day",
        "address": "60 per day",
    },
    "verification": {
        "first day": "5 per day",
        "new": "5 per day",
        "member": "5 per day",
        "trusted": "5 per day",
        "staff": "5 per day",
        "address": "30 per day",
    },
    # a file of everything a member wrote: each download reads all of it
    "download": {
        "first day": "10 per hour",
        "new": "10 per hour",
        "member": "10 per hour",
        "trusted": "10 per hour",
        "staff": "10 per hour",
        "address": "60 per hour",
    },
    # a text that was sent after its author was signed out (see forum.pending_form)
    "unsent": {"visitor": "10 per hour, 30 per day"},
    # each pause in typing saves a draft
    "draft": {
        "first day": "40 per minute",
        "new": "40 per minute",
        "member": "40 per minute",
        "trusted": "40 per minute",
        "staff": "40 per minute",
        "address": "240 per minute",
    },
    "preview": {
        "visitor": "30 per minute, 600 per day",
        "first day": "60 per minute",
        "new": "60 per minute",
        "member": "60 per minute",
        "trusted": "90 per minute",
        "staff": "90 per minute",
        "address": "240 per minute",
    },
    # each sends a code by mail (accounts.reauthentication)
    "reauthentication": {
        "first day": "3 per 5 minutes, 20 per day",
        "new": "3 per 5 minutes, 20 per day",
        "member": "3 per 5 minutes, 20 per day",
        "trusted": "3 per 5 minutes, 20 per day",
        "staff": "3 per 5 minutes, 20 per day",
        "address": "60 per day",
    },
    # a former name stays reserved for its owner
    "rename": {
        "first day": "3 per day",
        "new": "3 per day",
        "member": "3 per day",
        "trusted": "3 per day",
        "staff": "10 per day",
        "address": "30 per day",
    },
    # each challenge of a passkey is stored in a new session
    "passkey": {"visitor": "20 per minute, 200 per day"},
    # forms of more than 32 kB, in units of 32 kB (forum.middleware): reading a unit takes up to 5 ms of CPU
    "form_size": {
        "visitor": "100 per minute, 2000 per day",
        "first day": "300 per minute",
        "new": "300 per minute",
        "member": "300 per minute",
        "trusted": "300 per minute",
        "staff": "300 per minute",
        "address": "600 per minute",
    },
    # previews in units of 1,000 characters: five comments of maximum length a minute
    "preview_size": {
        "visitor": "100 per minute, 2000 per day",
        "first day": "200 per minute",
        "new": "200 per minute",
        "member": "300 per minute",
        "trusted": "300 per minute",
        "staff": "300 per minute",
        "address": "600 per minute",
    },
}
# Limits of the account pages, by allauth's names of actions: per address, per account, and per typed e-mail address.
ACCOUNT = {
    "signup": {"address": "20 per 5 minutes"},
    # each of these checks a password, which takes 0.7 seconds of CPU; the limits are checked before that
    "login": {"address": "15 per 5 minutes"},
    "login_failed": {"address": "10 per minute", "name": "5 per 5 minutes"},
    "request_login_code": {"address": "20 per minute, 200 per day"},
    # Mails with a code to one e-mail address: those that one network asks for, so that a stranger does not use up the
    # owner's, and those of all networks. The button “Send a new code” is not counted; it works twice for each code.
    "code_from_network": {"name": "3 per minute, 20 per day"},
    "code": {"name": "100 per day"},
    # one code and two more, so that the first press of “send a new code” is not refused
    "confirm_email": {"name": "3 per 3 minutes"},
    "reset_password": {"address": "20 per minute, 200 per day"},
    "reset_password_from_key": {"address": "20 per minute"},
    "change_password": {"account": "5 per 5 minutes"},
    "manage_email": {"account": "10 per minute"},
    "reauthenticate": {"account": "10 per 5 minutes"},
}
