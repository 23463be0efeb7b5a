"""What people say on the phone, by the family of models/phrases/en/flow.toml that should hear
it, and what sounds alike and is something else.

Made up, and written before the phrases. In HEARD the lines before the blank one may have shaped
the phrases; those after it were not looked at until the figures were taken.
"""

from __future__ import annotations

HEARD = {
    "fear": """
I'm really scared.
I'm so frightened they'll put us out.
I'm terrified of losing the house.
I can't sleep because of it.
Am I going to lose my licence?
I'm worried they're going to cut us off.
I've been lying awake all night.

I'm so worried about my dad.
I'm sick with worry.
I was petrified, honestly.
It makes me really anxious.
What happens to us if it doesn't come?
We're scared that the roof comes down.
I'm shaking here.
""",
    "wants_to_tell": """
It's just that...
I was going to tell you about the note.
What I wanted to say is something else.
Let me explain.
The thing is, it was raining.
Can I just say something?
Yes but the car was not mine.

No, it's more complicated than that.
I was trying to explain that earlier.
Can I tell you what I saw?
All I want to say is that it was parked.
It's just that I had a visitor.
Well, there is a bit more to it.
If you'd just let me say it.
""",
    "worry": """
I'm really worried that I'm going to lose my deposit.
I'm just a bit scared that they're going to cut me off.
What if it doesn't arrive before the wedding?
I can't sleep because of this.
Am I going to be charged a penalty for that?
I'm so nervous about putting my card details in again.
Is my money safe?
I'm panicking a bit to be honest.

I don't know what I'm going to do if the payment doesn't come.
It's making me quite anxious, you know.
I'm afraid they'll turn the electricity off.
Does that mean someone has access to my account?
I just don't want to lose all my photos.
My biggest worry is that the kids will have no heating.
I was terrified when I saw the letter.
What happens to my mother if the nurse can't come?
""",
    "not_understood": """
Sorry, I don't understand what you mean.
No, that's not what I mean.
You've lost me there.
No no, I'm talking about the other account.
I think you've misunderstood me.
I don't follow, what do you mean by that?
No, I didn't say that I wanted to cancel.
That's got nothing to do with what I asked.

I'm not sure what you're asking me.
That's not the problem I'm having.
What? I have no idea what you're talking about.
I'm afraid that went over my head.
No, it's not the phone, it's the bill I'm calling about.
You're not understanding me.
I'm confused, what is it you need?
No, you've got it the wrong way round.
""",
    "insult": """
You're an idiot, you know that?
You people are useless.
Are you thick or something?
You haven't got a clue, have you?
Which of you idiots did this?
You're the worst agent I've ever spoken to.
A monkey could do your job.
You're a liar.

What are you, stupid?
You are completely incompetent.
You must be the dumbest person there.
You don't have a brain cell between you.
How did you even get this job?
You little jerk.
You should be fired.
You're a waste of space.
""",
    "also_mentioned": """
Oh, and there's also a charge on my bill that I don't recognise.
And another thing, my voicemail isn't working.
While I'm on the phone, could you check my address as well?
By the way, I never got my new card either.
The other thing is that the app keeps crashing.
On top of that, the screen is scratched.
Plus the remote doesn't work.
I've also got a problem with my second line.

Oh and one more thing, I still haven't had my refund for March.
And while you're there, can you look at my tariff too?
There's a second issue, the parking permit has expired.
And also the garage door is stuck.
Not only that, the invoice has the wrong name on it.
As well as that, my password stopped working.
I had another question about my warranty actually.
Oh, before I forget, the sink is leaking too.
""",
    "are_you_there": """
Hello? Are you still there?
Are you there?
Have I been cut off?
Is this going to take much longer?
What's taking so long?
Hello?
Is anybody there?
What are you doing exactly?

Sorry, did I lose you?
Can you still hear me?
How much longer is this going to be?
It's gone very quiet.
Are we still connected?
Hello, hello?
What's happening?
Did you hang up?
""",
    "makes_up": """
Sorry for shouting at you.
I'm sorry I got so angry, it's not your fault.
I know it's not your fault.
Fair enough, then.
Sorry for going off on one.
I didn't mean to take it out on you.
You've been very patient with me.

I apologise for my tone earlier.
Sorry about that, I was just so stressed.
It's not you I'm angry with.
I shouldn't have yelled.
I know you're only doing your job.
Fair play to you.
Sorry, that was rude of me.
""",
    "lets_you_wait": """
Hold on, I need to find the page.
Give me a second.
Let me see.
One moment, I'm just getting my glasses.
I have to look that up.
Just a minute, I'll grab it.
Where did I put it.
I'm logging in now.

Hang on, let me get a pen.
Bear with me, the computer is slow.
I'll go and check the meter.
I'm looking for it.
Two seconds, it's in the other room.
Wait, let me open the letter.
I've got to find my card first.
I'm just trying it now.
""",
    "greeting": """
Good morning, thank you for calling Acme.
Hello, you're speaking with Maria.
Hi, this is Ross, how can I help?
Home claims, this is Julie, how can I help?
Parcel desk, Mia speaking.
Good evening, Robyn here.
Welcome to customer service, my name is Dan.
Card services, good evening.

Thanks for calling the bank, I'm Ellen.
Hello there, what can I do for you?
Service desk, Raj speaking.
Good afternoon, payments, Victor speaking.
You're through to billing, my name's Sam.
Hi there, how are you today?
Hey, thanks for holding, this is Kate.
Good day sir, how may I assist you?
""",
    "introduces": """
Hello, this is Martha speaking, how can I help?
Good afternoon, my name's Peter, I'm the supervisor on duty.
Hi, you're speaking with Anna from billing.
You're through to technical support, this is Raj.
Hi there, this is Tom from the complaints team.
Hello, Martha here.
Hi Mr Smith, this is Kate, I understand that you were charged twice.
I'm the manager here, I've read the notes.

Good evening Mrs Jones, it's Robyn here.
Billing, Victor speaking.
Thanks for holding, this is Joan from cancellations.
Hello, what can I do for you?
Thank you for waiting, my name is Ellen and I look after refunds.
Hi, this is Daniel Green, the team leader.
You are now speaking to the duty manager.
Hello, I'm one of the supervisors.
""",
    "closed_question": """
Did you restart it?
Have you got the order number?
Is the light on the front green?
Do you have an account with us?
Was it delivered on Monday?
Are you at home right now?
Okay, and does it make a noise?
Can you see the button?

Has anyone else used the card?
Is it the blue one?
Right, so were you at the branch?
Do you know your password?
Could you see a red light?
And did it ever work before?
Will you be there tomorrow?
So have you tried the other socket?
""",
    "open_question": """
What happened?
Tell me what happened from the beginning.
Can you tell me a bit more about that?
How did it start?
What exactly do you see on the screen?
Could you walk me through it?
What would help you most right now?
What's been going on?

How can I help you today?
Talk me through what you did.
What went wrong?
Could you describe the noise for me?
What seems to be the problem?
Tell me about it.
What's the story with the delivery?
In your own words, what did they tell you?
""",
    "reassurance": """
Don't worry, you're not going to lose your place.
That isn't going to happen.
I'll make sure that it's sorted out today.
You're in the right place, we'll get this fixed.
Your money is completely safe.
It's nothing to worry about.
I can assure you that nobody has access to it.
We'll take care of this together.

You won't be charged for that.
Please be assured that your account is secure.
I promise you it won't be cut off.
You're covered, there's no risk at all.
It's going to be fine, I'm staying with you on this.
No need to worry, that's quite normal.
We are not going to let that happen.
I'll see to it personally.
""",
    "clarifying": """
Do you mean the one on the left?
Just so I understand, which bill are we talking about?
When you say it's gone, what do you see?
Can you tell me what you mean by frozen?
Let me make sure I've got this right.
Which account is it?
What exactly does it say?
Sorry, could you explain that again for me?

So am I right in thinking it's the second invoice?
Is that the blue card you mean?
Have I understood that correctly?
What do you see in front of you?
Could you give me an example?
Which of the two is it?
Are you saying that it never arrived?
What part should I explain again?
""",
    "explains_doing": """
I'm just looking at your account now.
I'm checking that with the warehouse, it will take about two minutes.
Let me pull up your order, it may go quiet for a moment.
I'm typing this into the system for you.
It's still loading, I'm sorry.
I'm going to put you on hold for two minutes while I ask my colleague.
Still with you, I'm reading through the notes.
I'll be quiet for about ten seconds while it loads.

I'm waiting for the page to open.
Let me have a look at that for you.
I'm just going through your last bills.
This will only take a minute.
I am still here, the system is a bit slow today.
I'm sending the request to them as we speak.
I'm opening your file.
Give me thirty seconds to check the stock.
""",
    "hold_bare": """
One moment please.
Hold on.
Bear with me.
Just a second.
Hang on a minute.
Could you hold the line please?
Can I put you on hold?
Please hold.

Give me a moment.
One sec.
I'm going to put you on a brief hold.
Let me put you on hold.
Two seconds.
Just bear with me for a moment.
Hold the line.
Do you mind holding?
""",
    "handover": """
I'll get my supervisor for you.
Let me put you through to my manager.
I'm going to ask my team leader to join us.
I'll transfer you to a manager now.
Let me see if a supervisor is available.
I'll have a manager call you back.
I'm bringing in my colleague who can decide this.
I've asked my supervisor to take over.

Let me get someone senior for you.
I can escalate this to my manager right away.
My team lead will call you within the hour.
I'll pass you over to my supervisor.
One moment, I'm fetching my manager.
I'm connecting you with the duty manager.
I'll see who's in charge tonight and put them on.
Of course, I'll get a manager on the line.
""",
    "boundary": """
I want to help you, but please don't speak to me like that.
I understand that you're upset, but I'd ask you not to swear.
I would like to keep this respectful.
If the language continues I'll have to end the call.
Please don't use that kind of language.
I'm happy to help, but not if you insult me.
Let's keep this polite please.
I'd ask you not to shout at me.

I can't help you while you're shouting.
I need you to speak to me with respect.
Please stop swearing, I do want to fix this.
I won't continue if you keep calling me names.
I'm going to have to hang up if this goes on.
That kind of language isn't necessary, sir.
I'd appreciate it if you didn't talk to me that way.
Let us stay civil, please.
""",
    "takes_up_other": """
You also mentioned a charge on the bill.
And now to your second point.
As for the other thing you mentioned.
You said there was something else as well.
About your other question.
Let's look at the other issue now.
And the second problem, the voicemail?
I haven't forgotten about the other one.

Regarding the second thing you brought up.
Now the other matter.
You had another question, I think.
And what was the other thing?
I also noted your second problem.
Shall we go on to the next one?
I'll come to the other issue in a minute.
There was one more thing you told me.
""",
    "rounds_off": """
So that's you all fixed.
Is there anything else I can help you with?
Thanks for calling, have a nice day.
That's all done for you.
Anything else today?
Right, that should be everything.
You're all set.
Have a good evening.

Was there anything else at all?
Okay, that's all sorted now.
Thank you for your call.
So that's everything taken care of.
There you go, all done.
Enjoy the rest of your day.
Is that all for today?
Take care, bye bye.
""",
}

ELSE = {
    "greeting": """
I can put you through to billing.
I'd have to transfer you through to the other desk.
So here you are, that's the form.
""",
    "introduces": """
Hello, thank you for waiting, I have asked her and she agrees.
Hi, thanks for holding.
Hello, are you still there?
Hello? Mr Smith?
Okay, good morning then.
I can put you through to billing.
Hi, it's Martha again, thanks for holding.
Hello, this is Martha again.
Hello, I'm still here.
Thanks for your patience, I was speaking to my supervisor.
So I've been speaking with the manager.
After speaking to her I can offer you this.
I'm still with the supervisor.
I'm asking the supervisor now.
I'm not the manager, but I can do it.
This is taking a bit longer, I'm sorry.
This is all I can see from here.
So this is the letter from March.
Strictly speaking, it's not covered.
I'll speak to the courier myself.
""",
    "fear": """
I'm afraid I don't have it here.
I was scared to touch the button.
I'm afraid so.
I'm a bit worried about the weather.
Don't panic, I've got it.
I couldn't sleep on my left side.
""",
    "worry": """
No worries at all.
I'm not worried about that.
I'm afraid it was the blue one.
What if I just send it back?
What if we come on Tuesday instead?
That's nothing to worry about.
""",
    "not_understood": """
I understand, thank you.
No, not that I know of.
I didn't get the letter yet.
I did not get it until Friday.
It hurts all over.
I'm lost without my phone.
""",
    "insult": """
I feel so stupid, I forgot the number.
The app is useless on my phone.
You're not stupid, I know that.
This phone is dumb.
I haven't got a clue what happened to it.
Am I an idiot or is it this button?
You must think I'm a fool.
I bought a pint of cow's milk.
""",
    "also_mentioned": """
The other day it worked.
That's the only thing really.
Besides that, not at all, no.
It's the same with the other one.
And that's also fine, thank you.
There is a red light on it.
""",
    "are_you_there": """
Can you hear me okay?
How long will it be valid for?
What's happening with my order?
I was cut off from the internet.
I'm still there until June.
""",
    "calls_out": """
Hello, my name is Ann.
Hello, I have a question about my bill.
Hi, is this the bank?
""",
    "makes_up": """
Sorry, could you say that again?
Sorry to bother you.
It's not my fault that it broke.
I'm sorry but that's not good enough.
Sorry, I got the wrong number.
You're only doing half of it.
""",
    "wants_to_tell": """
It's just the one parcel.
It's just that one, yes.
It's just a small dent.
Yes, but only twice.
It was just around the corner.
""",
    "lets_you_wait": """
I hold on to my old phone.
I look forward to it.
The parcel needs a moment.
""",
    "closed_question": """
I have your order in front of me.
What did you do then?
Here is the number.
Where was it delivered?
We are the billing team.
How is it now?
""",
    "open_question": """
Tell me your postcode please.
Can you tell me the order number?
I can tell you what it costs.
""",
    "reassurance": """
Is that all right?
Your breathing is fine, is it?
You are not going to the shop today?
That's fine, and the postcode?
Would that be okay for you?
""",
    "explains_doing": """
It takes about five working days.
It started on Monday, you said.
I'm looking forward to it.
""",
    "hold_bare": """
How is it at the moment?
Thanks for holding.
Hold on to the receipt, please.
That was the second time.
""",
    "handover": """
They'll only say the same.
A supervisor will tell you exactly the same thing.
There's no manager here.
I can't transfer you to anyone.
""",
    "boundary": """
Please don't hesitate to call us.
Please don't hang up.
Please don't worry.
""",
    "rounds_off": """
Thank you for calling Acme, this is Sam.
Did you notice anything else that you remember?
Take care of the edges when you open it.
So is the light on all the time?
""",
}
