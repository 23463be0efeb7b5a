"""How much of what angry callers say the families hear, and what they mishear in calm calls.

The sentences are made up. Every batch was written before the phrases that hear it, so this
is a floor against loss, not a recall: of 61 lines of angry callers that others had published,
the families heard 24 before they were worked on (two batches: 16 of 36, 8 of 25).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cues import CueSpotter
from monitor.events import Transcript
from monitor.memory import HEAVY_WEIGHT
from monitor.phrases import PhraseError, Phrases
from monitor.wording import tokens

PHRASES = Phrases.load(Path(__file__).parent.parent / "models" / "phrases" / "en.toml")

ANGRY = """
I have called four times this week and nobody can tell me anything.
Every time I ring I have to go through the whole story again.
No, no, listen to me, I'm not paying for something I never ordered.
This has been going on since March and I'm sick to death of it.
You people keep passing me from one department to another.
I want to talk to someone higher up, not you.
Can you just get me a supervisor, please, I'm done explaining.
If this isn't sorted today I'm cancelling my contract.
I'll be taking this to the ombudsman.
What kind of company treats its customers like this?
I don't care what your system says, I paid the bill.
I've been sitting on hold for nearly an hour.
Don't talk to me like I'm stupid.
Why is it so hard to get a straight answer from you?
You've charged me twice and now you're telling me it's my fault?
I'm absolutely livid about how I've been treated.
It's a complete joke, honestly.
Somebody promised me a call back on Monday and nothing.
I want my money back, all of it, today.
I'm going to leave a review everywhere I can.
How can you possibly not have a record of that?
You're not even listening, you're just reading from a script.
I'm at my wits' end with this internet.
This is beyond a joke now.
I've had it up to here with you lot.
Honestly, I've never been treated so badly in my life.
I'm going to go to one of your competitors.
Stop telling me to reset the router, I've done that ten times!
Do you have any idea how frustrating this is?
For the last time, my name is not Peterson.
Are you even hearing what I'm saying?
That's not good enough, I was told it would be here by Tuesday.
This is the fifth person I've been put through to today.
You told me it would be fixed by Friday and it's not fixed.
Why should I pay for something that doesn't work?
I'm fed up with your excuses.
Are you going to let me speak or not?
I want a refund and I want it now.
I've had enough of this, put me through to your boss.
It's been three weeks and I've heard absolutely nothing.
Nobody there seems to know what they're doing.
You guys messed up my order again.
I swear this is the worst customer service I've ever had.
I asked for a call back and no one ever rang.
If you can't help me then find someone who can.
I shouldn't have to call every month about the same bill.
I'm reporting you to trading standards.
I'm really upset about this, it was my mother's birthday.
You just hung up on me last time!
Are you joking? Another two weeks?
My patience is running out.
How many more times do I need to explain it?
I've been a customer for twelve years and this is how you treat me?
I don't want another ticket number, I want it fixed.
You keep giving me different answers every time.
That technician never even showed up.
This is the third replacement and it's broken again.
I'm not going to calm down.
Who do I complain to about you?
You charged my card without asking me!
I took a day off work for this and nobody came.
I'm tired of being treated like a number.
Just cancel the whole thing, I'm finished with you.
Can I please talk to a human being who knows something?
It's unbelievable that you can't find my order.
I told the last guy all of this already.
That is a lie, nobody ever told me that.
You're wasting my time.
Stop interrupting me, please.
I've asked you three times now.
I can't keep doing this every single month.
Your service is awful.
Nothing you people say ever turns out to be true.
I've been transferred six times in the last half hour.
No, I will not hold again.
How is it possible that you lost my application twice?
You said that last time and it didn't happen.
I'm getting really angry now.
Put me on to whoever runs this place.
I'm going to dispute this with my bank.
That's the same answer I got yesterday.
If it's not here tomorrow I'm cancelling.
I've explained this to three different people.
It's an absolute disgrace.
You clearly don't care about your customers.
Enough, I want this closed and my deposit back.
I'm still waiting for the refund you promised in April.
Honestly, what do I have to do to get this sorted?
I'd like your name so I can make a complaint.
This is a waste of my time.
You're not helping me at all.
Every time I call I get a different story.
I've spent my whole lunch break on this call.
You are the fourth agent I've spoken to and none of you can help.
I never agreed to that charge.
This is getting out of hand.
Don't put me on hold again.
I want someone to take responsibility for this.
I'm not happy with the way this was handled.
How hard can it be to send one email?
I've been more than patient.
Forget it, I'll go somewhere else.
You promised me this would never happen again.
I asked you a simple question.
Your colleague was extremely rude to me.
It keeps happening over and over.
I'm going to have to take this further.
Are you telling me I have to wait another week?
I feel like nobody is listening.
This is unacceptable, I need this today.
I told you, I don't have the receipt.
So what was the point of calling you?
I've had enough, I'm moving everything to another company next week.
You people have just lost a customer, I hope you know that.
If this isn't sorted by Friday I'll be switching to somebody else.
Just shut the account down, I don't want anything more to do with you.
There are plenty of other banks who'd be happy to have my money.
Put me through to somebody who can actually do something.
I'd like to talk to whoever is in charge over there.
Is there anybody above you that I can speak to about this?
I'm not discussing this with you any longer, get me your supervisor.
I want this taken higher up, right now, today.
I must have rung you lot five times about the same thing.
I've already explained all of this to your colleague yesterday.
This is the third week in a row that I've been chasing this.
How many more times do I have to tell you the same thing?
I was stuck on hold for forty five minutes before anybody answered.
I've been sitting here listening to your music for an hour.
I took the whole day off work and nobody turned up.
It has been three weeks and I still haven't received a thing.
How much longer is this going to take, I haven't got all day.
Your colleague promised me it would be done by Monday and it wasn't.
Somebody was supposed to call me back and nobody ever did.
You told me it was fixed and it obviously isn't.
I was given your word that this wouldn't happen again.
That's not what I was told last time I called.
You're not listening to a word that I'm saying.
Are you even reading what I wrote to you?
Stop reading from your script and answer my question.
You keep talking over me, let me finish.
That is not what I asked you, is it?
Does anyone over there know what they're doing?
It's absolutely shocking how badly you run this place.
One department says one thing and the other says something else.
You've made a complete mess of my order, again.
Honestly, a child could have sorted this out by now.
You'll be hearing from my solicitor about this.
I'm going to report you to the ombudsman.
I'll take you to the small claims court if I have to.
I want to make a formal complaint and I want it in writing.
I'll be putting all of this on social media tonight.
You've taken money out of my account that you had no right to take.
Why am I paying for something that doesn't even work?
I'm not paying another penny until this is put right.
You've charged me twice and now you won't give it back.
That's daylight robbery, that's what it is.
I cannot believe what I'm hearing.
I've never been treated like this in my life.
It's a disgrace, an absolute disgrace.
How on earth can you call that customer service?
I'm at the end of my tether with all of this.
I don't know what else I can do, nobody will help me.
I'm sick and tired of being passed from pillar to post.
You're driving me up the wall, the lot of you.
Oh brilliant, so I just have to sit and wait again, do I?
Well that's a great help, thanks for nothing.
So you're telling me there's nothing you can do, lovely.
What's the point of even calling you people?
Don't you dare hang up on me again.
""".strip().splitlines()
"""Said by somebody who is upset."""

MISRECOGNISED = """
Just shut the account down. I don't want anything more to do with it.
There are plenty of other banks who be happy to have my money.
I looked at run you a lot five times about the same thing.
This is the third week in a row that I've been chasing.
How much longer is it going to take? I haven't got all this.
your colleague's promise to me it would be done by Monday and it wasn't.
Are you even reading what I wrote here?
stop reading from this trip and ask them about my trips
If you keep talking over me, let me finish.
That is not what I ask you. Is it?
absolutely shocking how badly you are in your face.
One department said one thing and the other said something else.
Honestly, a child could have sort of this out by now.
We'll be hearing from my solicitor about this.
Why am I paid for something that doesn't even work?
How on earth do you call that customer service?
I don't know what else I can do. Nobody will have this.
Don't be there, hang up on me again.
No, no, listen to me. I'm not paying for something I never voted.
I don't care what your system says, I pay the bill.
He's sitting on hold for near the end house.
This is beyond the joke now.
I've had it up to here with you long.
That's not good enough. I was told it would be here by key chairs.
I've had enough of this, put me through to your box.
Nobody, they're seems to know what they're doing.
I'm reporting the trading standard.
How many more times, I need to explain it.
You keep giving these different answers every time.
This is a third replacement and it's broken again.
""".strip().splitlines()
"""Some of the same, over a telephone with noise 10 dB below it, as tiny.en wrote them down."""

CALM = """
I'd like to speak to someone about opening an account, please.
My manager asked me to call you about the invoice.
I already sent the form, so you should have it by now.
Could you say that one more time, please? The line broke up.
I've been with you for ten years and never had a problem.
It's no trouble at all, I can wait.
I was on hold for a minute, but it was fine.
I'm sorry to bother you again, I just forgot to ask something.
My son is angry with me because I forgot his birthday.
Can I get a copy of my contract cancelled one sent to me?
I moved house, so I need to close my account and open one at the new address.
That's a crazy good price, I can't believe it.
The last person I spoke to was really helpful.
I called earlier and they told me to call back about this time.
It's the second time I've ordered from you and I love it.
Is there anyone else I should send this to?
I'm going to switch to another plan, the bigger one, please.
Right, let me finish writing that down, one second.
I'm a bit worried I gave you the wrong number.
It took about twenty minutes to install, really easy.
No rush, take your time, I have all day.
My lawyer needs a statement for the house purchase, could you send one?
I work for a law firm, so court dates are always moving.
The update took forever but now it works perfectly.
I wanted to make a payment over the phone.
It happens again every month, so please set it as recurring.
He was not happy with the colour, so we would like to swap it.
I tried the blue one first and then the red one.
Sorry, I did not hear you, what was the last bit?
How long does delivery normally take?
I would like to change my review, it should have been five stars.
My old company was terrible, but you have been great.
That was really frustrating at first, but your colleague fixed it.
Can you tell me who is in charge of billing addresses?
Is it okay if I put you on speaker?
I just wanted to check whether my order has shipped.
We've been waiting for a good moment to upgrade.
My boss said you could send us a quote.
I had to restart it twice but now it's fine.
Can you tell me again how the returns work?
No, I haven't tried that yet, let me see.
It's a joke between us, my wife calls it the money pit.
I was told to mention the discount code.
I will be travelling, so please call me back next week.
The first time I called, the line was busy, that's all.
I'm done with the form, where do I send it?
I'm going to another city next month, does my card work there?
Someone from your team was going to send me the link.
That's insane, only five pounds? Brilliant.
I'd like to file a claim for a cracked windscreen.
Do you have anyone who speaks Spanish?
It used to drop sometimes, but it has been better since.
I told my husband about the offer and he likes it.
I don't believe we have met, I'm Claire.
I've been a customer for twelve years and I'm very happy.
Could you open a ticket for me?
The technician came on Tuesday and fixed it.
I'd like a replacement for the broken cup.
I took a day off work, so any time is fine.
My card was charged yesterday, I just want the receipt.
You gave me a reference number, shall I read it out?
I asked my wife and she agrees.
Every month I pay on the third.
I want the large one in green, please.
It got broken when we moved, my own fault.
She hung up the coat next to the door.
The service was excellent, tell your team.
Nobody was home when the parcel came, so it is at the neighbour's.
I promised to call my mother at six.
Why should it be plugged in first?
I have had enough coffee for today, thanks.
He is a manager at the bank.
I have been waiting for the rain to stop.
I'm tired today, it was a long shift.
Every time I visit your shop the staff are lovely.
Could I have your name, please, so I can ask for you next time?
I will hold, no problem.
I got the same answer as my friend in the quiz.
My application is almost finished, I only need the last page.
I explained it to my kids and they loved it.
What do I have to do to get the discount?
We're waiting for the keys, they come on Monday.
I was transferred to you by the sales team.
How is it possible to pay in two parts?
Is the deposit back in my account already? Great.
It's not here yet, but the tracking says tomorrow.
I'd like to close the window on my screen, where's the button?
The other bank charged me a fee, so I came to you.
I told them three times a week would be enough.
Yes, I understand, that makes sense.
You said twenty dollars, is that right?
I had a question about the second item on my bill.
He's in charge of the accounts, I only do the orders.
I don't want to change anything else, thank you.
Could you explain what the charge on the fourth is for?
I'd like an explanation of the fees, if that's possible.
My colleague told me you could switch the plan for me.
I was told it would take five days, is that still right?
I was going to ask you about the other line as well.
You said it would come on Monday but I'm not home, can we do Tuesday?
I was supposed to get a letter but it's not come yet, I think I moved in between.
I paid for a service check in March, is that on your screen?
I pay for it every month by card.
We're going to another branch later today.
My mother is in charge of the account, can she call?
Could you tell me who runs the loyalty scheme?
I've spoken to two people and both were lovely.
I called twice this morning, but I only had a quick question.
It's the first time I've used your app.
I've been on the phone with my bank for twenty minutes, sorry I'm late.
I was listening to your music, it's quite nice actually.
I've been chasing my kids all day, sorry for the noise.
Can you send me the same thing again, please?
It's the same question as my neighbour had.
I want it sorted by size, if that's possible.
How many more do I need to get free shipping?
How often should I change the filter?
I don't know what else to add, that's everything.
That's great, so I just wait for the email?
Oh great, now I can see it on my screen.
I can't do a single one of these without my glasses.
Do you know what they're doing at the shop this weekend?
I've never seen one of those in my life, how does it work?
My son says one thing and my daughter says something else, so I'm asking you.
I don't have a lawyer, do I need one for the form?
I'd like to report a lost card.
I want to report a change of address to you.
Would it help if I sent a photo?
I posted it on Facebook so my friends can find it.
My husband put it on social media and everyone liked it.
I'm not paying by card, I'd rather pay by transfer.
Why am I paying less this month? Did the price go down?
It's not my fault the dog chewed it, but I can pay for it.
I took the day off and the engineer came on time, all good.
I don't care which colour it is.
I can't put up with the heat, so I'd like a fan.
I would like to cancel my subscription at the end of the month, please.
I want to close my savings account and put it into my current account.
Do you close your account books on Friday?
Could I have my money back if it doesn't fit?
It was a shocking amount of rain, so the parcel was wet.
My daughter is so demanding, I have to get this toy by Friday.
A small child could open it, so I'd like one with a lock.
Shall I hold for a minute while you look?
It's been three weeks and I still love it.
Your colleague said someone would call me, but there's no hurry.
I don't mind waiting, I've got all day.
What are you going to do about the old router, do I send it back?
I left a message yesterday, so I'm just following up.
I sent two emails with the photos, did they arrive?
We were disconnected, thanks for calling me back.
I told him earlier that you'd call.
I will never again forget my password, promise.
They said it's all about the money supply, I study economics.
""".strip().splitlines()
"""Words of the same kind, said by somebody who is not."""


def weight(text: str) -> float:
    """The heaviest cue that a customer gives with these words."""
    tr = Transcript(utterance=1, party="customer", t0=0.0, t1=3.0, text=text)
    return max((cue.weight for cue in CueSpotter(PHRASES).transcript(tr, 4.0)), default=0.0)


def test_most_of_what_angry_callers_say_is_heard() -> None:
    missed = [text for text in ANGRY if weight(text) <= 0]
    assert len(missed) <= 0.15 * len(ANGRY), missed


def test_what_is_heard_survives_errors_of_recognition() -> None:
    missed = [text for text in MISRECOGNISED if weight(text) <= 0]
    assert not missed


def test_calm_words_ask_for_no_acknowledgement() -> None:
    heavy = [text for text in CALM if weight(text) >= HEAVY_WEIGHT]
    assert not heavy


def test_a_folder_of_the_same_name_adds_families(tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_text(
        '[lists]\nmeal = ["soup"]\n[family.menu]\nparty = "agent"\nphrases = ["<meal>"]\n'
    )
    (tmp_path / "xx").mkdir()
    more = tmp_path / "xx" / "bill.toml"
    more.write_text('[family.bill]\nparty = "agent"\nphrases = ["pay for the <meal>"]\n')
    assert {f.name for f in Phrases.load(tmp_path / "xx.toml").families} == {"menu", "bill"}
    more.write_text('[family.menu]\nparty = "agent"\nphrases = ["bread"]\n')
    with pytest.raises(PhraseError, match="family menu stands in two files"):
        Phrases.load(tmp_path / "xx.toml")
    more.write_text('language = "en"\n')
    with pytest.raises(PhraseError, match="not 'language'"):
        Phrases.load(tmp_path / "xx.toml")


IMPATIENT = """
What am I meant to tell my daughter tomorrow?
Is that really what you're telling me, that I should wait again?
You lot are all the same.
The whole lot of you should try it one day.
Nobody there ever picks up.
I have already sent you all of it twice.
All you people ever do is read that off a screen.
We were left standing at the gate with two children.
It could have burned the whole house down.
""".strip().splitlines()
NOT_IMPATIENT = """
What am I supposed to press next?
All you need to do is sign it, is that right?
Every time I use it, it takes a minute to start.
I have been a customer for years after my mother told me about you.
I was standing in the garden when you called.
Could you send it to me once more, please?
""".strip().splitlines()


def test_impatience_is_heard_and_weighs_less_than_anger() -> None:
    families = [PHRASES["exasperation"], PHRASES["frustration"]]
    assert 0 < families[0].weight < HEAVY_WEIGHT <= families[1].weight
    for text in IMPATIENT:
        assert any(family.find(tokens(text)) for family in families), text
    for text in NOT_IMPATIENT:
        assert not any(family.find(tokens(text)) for family in families), text


def test_which_families_are_heard_by_meaning_too() -> None:
    """Not those that are an exact form of words, or consist of nothing else."""
    spelled = {family.name for family in PHRASES.families if not family.by_meaning}
    forms = {"bare_sorry", "backchannel_only", "goodbye", "jargon", "calls_out", "introduces"}
    assert spelled == forms
    one = '[family.one]\nparty = "agent"\nphrases = ["so"]\n'
    assert not Phrases.parse(one)["one"].by_meaning
    assert Phrases.parse(one + "by_meaning = true")["one"].by_meaning


def test_upset_is_what_weighs_in_the_mood() -> None:
    assert PHRASES.upset == {f.name for f in PHRASES.families if f.weight > 0}
    assert {"escalation_request", "frustration", "protest"} <= PHRASES.upset
    assert not PHRASES.upset & {"thanks_relief", "problem_told", "apology"}
